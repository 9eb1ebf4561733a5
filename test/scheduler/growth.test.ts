import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterOom, DEFAULT_GROWTH, growthFor } from '../../daemon/scheduler/memory/growth.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { MINUTE, NOW } from './support/holders.js';

const MAXIMUM = 512 * MiB;

describe('a grant grows', () => {
  test.each<[string, number, number | null, number, number | null]>([
    ['to 1.5 × a working set above 0.9 of it', 256, 240, 512, 360],
    ['no further than the maximum', 400, 390, 512, 512],
    ['no further than the budget has room', 256, 240, 50, 306],
    ['not at 0.9 of it', 300, 270, 512, null],
    ['not without room', 256, 250, 0, null],
    ['not when the budget is overdrawn', 256, 250, -10, null],
    ['not beyond the maximum', 512, 511, 512, null],
    ['not unmeasured', 256, null, 512, null],
  ])('%s', (_, grant, workingSet, free, expected) => {
    const service = { grant: grant * MiB, maximum: MAXIMUM, workingSet: workingSet === null ? null : workingSet * MiB };
    expect(growthFor(service, free * MiB, DEFAULT_GROWTH)).toBe(expected === null ? null : expected * MiB);
  });

  test('in whole MiB, or to exactly the maximum', () => {
    const amount = fc.integer({ min: 1, max: 1024 * MiB });
    fc.assert(
      fc.property(amount, amount, amount, amount, (grant, more, workingSet, free) => {
        const maximum = grant + more;
        const grown = growthFor({ grant, maximum, workingSet }, free, DEFAULT_GROWTH);
        if (grown === null) return;
        expect(grown > grant && grown <= maximum && grown <= grant + free).toBe(true);
        expect(grown === maximum || grown % MiB === 0).toBe(true);
      }),
    );
  });
});

describe('after an OOM kill', () => {
  const killed = (grant: number, free: number, ...ago: number[]) =>
    afterOom(
      grant * MiB,
      MAXIMUM,
      free * MiB,
      ago.map(minutes => NOW - minutes * MINUTE),
      DEFAULT_GROWTH,
      NOW,
    );

  test('the grant grows to the maximum, or as near as there is room', () => {
    expect(killed(256, 1024)).toEqual({ kind: 'grow', grant: 512 * MiB });
    expect(killed(256, 256)).toEqual({ kind: 'grow', grant: 512 * MiB });
    expect(killed(256, 100)).toEqual({ kind: 'grow', grant: 356 * MiB });
    expect(killed(256, 0, 0, 1, 2)).toEqual({ kind: 'again' });
  });

  test('at the maximum it starts again, and stops at the third in ten minutes', () => {
    expect(killed(512, 1024, 0)).toEqual({ kind: 'again' });
    expect(killed(512, 1024, 0, 5)).toEqual({ kind: 'again' });
    expect(killed(512, 1024, 0, 5, 9)).toEqual({ kind: 'stop' });
    expect(killed(512, 1024, 0, 5, 10)).toEqual({ kind: 'again' });
  });
});
