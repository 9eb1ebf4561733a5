import { expect, test } from 'vitest';
import { reopened } from '../../daemon/engine/podman/podman-reopen.js';
import type { EngineEvent } from '../../daemon/model/observed.js';

const at = (second: number, id = 'c'): EngineEvent => ({ kind: 'started', id, at: second * 1_000 });

/** What comes out of streams that bring these events and end, one after another, and since when each was asked for. */
async function read(streams: readonly (readonly EngineEvent[])[], first: number | null = 5_000) {
  const asked: (number | null)[] = [];
  const open = async function* (since: number | null) {
    yield* streams[asked.push(since) - 1] ?? [];
  };
  const seen: EngineEvent[] = [];
  for await (const event of reopened(open, new AbortController().signal, first)) seen.push(event);
  return { seen, asked };
}

test('a stream that ends after it brought something is opened again from there; nothing is told twice', async () => {
  const { seen, asked } = await read([
    [at(10), at(11)],
    [at(10), at(11), at(11, 'd'), at(12)],
    [at(11), at(12), at(11.5, 'late')],
  ]);
  expect(seen).toEqual([at(10), at(11), at(11, 'd'), at(12), at(11.5, 'late')]);
  expect(asked).toEqual([5_000, 9_000, 10_000, 10_000]);
});

test('one that ends at once and brings nothing new is the end', async () => {
  expect(await read([])).toEqual({ seen: [], asked: [5_000] });
  expect(await read([[at(10)], [at(10)], [at(20)]])).toEqual({ seen: [at(10)], asked: [5_000, 8_000] });
});

test('what breaks is an error, and an abort ends it', async () => {
  const broken = reopened(
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async function* () {
      throw new Error('gone');
    },
    new AbortController().signal,
    null,
  );
  await expect(broken.next()).rejects.toThrow('gone');
  const ending = new AbortController();
  const open = async function* () {
    yield at(1);
  };
  const stream = reopened(open, ending.signal, null);
  await stream.next();
  ending.abort();
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});
