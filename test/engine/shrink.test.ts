import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shrink } from '../../daemon/engine/containers/shrink.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { FailureError, failure } from '../../daemon/shared/failure.js';

/** Keeps what was asked for; `refuse` says which limits the engine does not take. */
function engine(refuse: (limit: number) => boolean = () => false) {
  const limits: number[] = [];
  const resize = async (limit: number): Promise<void> => {
    if (refuse(limit)) throw new FailureError(failure('limit-not-applied', 'app: below what it uses', { service: 'app' }));
    limits.push(limit);
  };
  return { limits, resize };
}

describe('cgroup v1', () => {
  test('one call, without measuring', async () => {
    const { limits, resize } = engine();
    const measure = () => expect.unreachable();
    expect(await shrink(resize, measure, '1', 512 * MiB, 128 * MiB, 100 * MiB)).toEqual({ limit: 128 * MiB, reason: null });
    expect(limits).toEqual([128 * MiB]);
  });

  test('refused: unchanged, with the engine’s reason', async () => {
    const { resize } = engine(() => true);
    expect(await shrink(resize, () => 0, '1', 512 * MiB, 128 * MiB, 0)).toEqual({
      limit: 512 * MiB,
      reason: 'app: below what it uses',
    });
  });

  test('to the floor, not below it', async () => {
    const { limits, resize } = engine();
    expect(await shrink(resize, () => 0, '1', 512 * MiB, 128 * MiB, 200 * MiB)).toEqual({
      limit: 200 * MiB,
      reason: 'its recent peak needs 200 MB',
    });
    expect(limits).toEqual([200 * MiB]);
  });
});

describe('cgroup v2', () => {
  test('steps of a tenth, measured before each', async () => {
    const { limits, resize } = engine();
    let measured = 0;
    const measure = () => {
      measured += 1;
      return 10 * MiB;
    };
    expect(await shrink(resize, measure, '2', 100_000_000, 70_000_000, 0)).toEqual({ limit: 70_000_000, reason: null });
    expect(limits).toEqual([90_000_000, 81_000_000, 72_900_000, 70_000_000]);
    expect(measured).toBe(4);
  });

  test('stops before the step that a growing working set does not leave room for', async () => {
    const { limits, resize } = engine();
    const script = [40 * MiB, 50 * MiB, 80 * MiB];
    const shrunk = await shrink(resize, () => script.shift() ?? expect.unreachable(), '2', 100 * MiB, 60 * MiB, 0);
    expect(shrunk).toEqual({ limit: limits.at(-1), reason: 'its working set of 80 MB needs 100 MB' });
    expect(limits).toHaveLength(2);
  });

  test('a container that cannot be measured is left alone', async () => {
    const { limits, resize } = engine();
    const shrunk = await shrink(resize, () => null, '2', 100 * MiB, 60 * MiB, 0);
    expect(shrunk).toEqual({ limit: 100 * MiB, reason: 'its working set cannot be measured' });
    expect(limits).toEqual([]);
  });

  test('a refusal on the way: the last step that was taken', async () => {
    const { resize } = engine(limit => limit < 95_000_000);
    expect(await shrink(resize, () => 0, '2', 100_000_000, 60_000_000, 0)).toMatchObject({ limit: 100_000_000 });
  });

  test('a measurement that is asked of the engine', async () => {
    const { resize } = engine();
    expect(await shrink(resize, async () => 0, '2', 100 * MiB, 95 * MiB, 0)).toEqual({ limit: 95 * MiB, reason: null });
  });
});

test.each(['1', '2'] as const)('v%s: nothing to do, nothing done', async version => {
  const { limits, resize } = engine();
  expect(await shrink(resize, () => 0, version, 64 * MiB, 64 * MiB, 0)).toEqual({ limit: 64 * MiB, reason: null });
  expect(await shrink(resize, () => 0, version, 64 * MiB, 96 * MiB, 0)).toEqual({ limit: 64 * MiB, reason: null });
  expect(await shrink(resize, () => 0, version, 64 * MiB, 32 * MiB, 80 * MiB)).toMatchObject({ limit: 64 * MiB, reason: /peak/ });
  expect(limits).toEqual([]);
});

test.each(['1', '2'] as const)('v%s: a failure of another kind is thrown', async version => {
  const gone = async () => Promise.reject(new FailureError(failure('not-found', 'gone')));
  await expect(shrink(gone, () => 0, version, 64 * MiB, 32 * MiB, 0)).rejects.toMatchObject({ failure: { code: 'not-found' } });
});

test('property: v2 never takes a limit below floor, target, nine tenths of the last one or 1.25 × the working set just measured', async () => {
  const size = fc.integer({ min: 6 * MiB, max: 4096 * MiB });
  const script = fc.array(fc.option(fc.integer({ min: 0, max: 2048 * MiB })), { minLength: 1, maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(size, size, size, script, async (from, target, floor, workingSets) => {
      const { limits, resize } = engine();
      const used: (number | null)[] = [];
      const measure = () => {
        const next = workingSets[used.length % workingSets.length] ?? null;
        used.push(next);
        return next;
      };
      const shrunk = await shrink(resize, measure, '2', from, target, floor);
      limits.forEach((limit, at) => {
        const before = at === 0 ? from : (limits[at - 1] ?? 0);
        expect(limit).toBeLessThan(before);
        expect(limit).toBeGreaterThanOrEqual(Math.max(floor, target, before * 0.9));
        expect(1.25 * (used[at] ?? Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(limit);
      });
      expect(shrunk.limit).toBe(limits.at(-1) ?? from);
      expect(shrunk.reason === null).toBe(shrunk.limit <= target);
    }),
  );
});
