import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advise, DEFAULT_ADVICE, type UsagePoint } from '../../daemon/api/advice.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { MINUTE } from '../scheduler/support/holders.js';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A wall clock. */
const NOW = 1_700_000_000_000;
const CURRENT = { standard: 256 * MiB, maximum: 512 * MiB };

/** One point a minute, the last one `until` ago. */
function minutes(count: number, used: number, until = 0, peak = used): UsagePoint[] {
  return Array.from({ length: count }, (_, i) => ({ at: NOW - until - i * MINUTE, p: used * MiB, peak: peak * MiB }));
}
const advice = (...history: UsagePoint[][]) => advise(history.flat(), CURRENT, DEFAULT_ADVICE, NOW);

describe('advice', () => {
  test('is p90 × 1.15 and peak × 1.2 in whole 16 MB', () => {
    // 100 × 1.15 = 115 → 128; 210 × 1.2 = 252 → 256; the peak of 5 of 95 minutes is above p90.
    expect(advice(minutes(90, 100), minutes(5, 200, 90 * MINUTE, 210))).toMatchObject({
      standard: 128 * MiB,
      maximum: 256 * MiB,
      samples: 95,
      measured: 94 * MINUTE,
      enough: true,
      saves: 128 * MiB,
    });
  });

  test('takes the higher level where it lasts more than a tenth of the time', () => {
    expect(advice(minutes(88, 100), minutes(12, 200, 88 * MINUTE)).standard).toBe(240 * MiB);
  });

  test('counts a point half for each day of its age, and a roll-up by its weight', () => {
    const now = minutes(100, 100);
    // 80 × ⅛ = 10 of 110 is below a tenth; 160 × ⅛ = 20 of 120 is not.
    expect(advice(now, minutes(80, 200, 3 * DAY)).standard).toBe(128 * MiB);
    expect(advice(now, minutes(160, 200, 3 * DAY)).standard).toBe(240 * MiB);
    const rolled = minutes(80, 200, 3 * DAY).map(point => ({ ...point, weight: 2 }));
    expect(advice(now, rolled)).toMatchObject({ standard: 240 * MiB, samples: 260 });
  });

  test('keeps a peak in full for eight days, and then forgets it', () => {
    expect(advice(minutes(90, 100), minutes(1, 100, 7 * DAY, 400))).toMatchObject({ maximum: 480 * MiB });
    expect(advice(minutes(90, 100), minutes(1, 100, 9 * DAY, 400))).toMatchObject({ maximum: 128 * MiB, samples: 90 });
  });

  test('is not enough under an hour of measured time, over however many days', () => {
    expect(advice(minutes(60, 100)).enough).toBe(false);
    expect(advice(minutes(61, 100)).enough).toBe(true);
    expect(advice(minutes(10, 100), minutes(10, 100, 2 * DAY), minutes(10, 100, 4 * DAY))).toMatchObject({
      enough: false,
      days: expect.closeTo(4, 1),
    });
  });

  test('without any point is what there is now', () => {
    expect(advice([])).toEqual({ ...CURRENT, samples: 0, days: 0, measured: 0, enough: false, saves: 0 });
  });

  test('never falls below what the engine takes', () => {
    expect(advise(minutes(90, 1), CURRENT, { ...DEFAULT_ADVICE, step: MiB }, NOW)).toMatchObject({ standard: 6 * MiB, maximum: 6 * MiB });
  });

  test('keeps the maximum at the standard or above, whatever the margins', () => {
    expect(advise(minutes(90, 100), CURRENT, { ...DEFAULT_ADVICE, standardMargin: 2 }, NOW)).toMatchObject({
      standard: 208 * MiB,
      maximum: 208 * MiB,
    });
  });

  test('counts a point from the future as new', () => {
    expect(advice(minutes(100, 100), minutes(5, 200, -300 * DAY)).standard).toBe(128 * MiB);
    expect(advice(minutes(100, 100), minutes(12, 200, -300 * DAY)).standard).toBe(240 * MiB);
  });

  test('for any history: standard ≤ maximum, whole steps, above all working sets but the highest tenth, in any order', () => {
    const anyPoint = fc.record({ at: fc.nat(8 * DAY).map(ago => NOW - ago), p: fc.nat(1024 * MiB), peak: fc.nat(1024 * MiB) });
    fc.assert(
      fc.property(fc.array(anyPoint, { minLength: 1 }), history => {
        const found = advice(history);
        expect(found.standard).toBeLessThanOrEqual(found.maximum);
        expect([found.standard % (16 * MiB), found.maximum % (16 * MiB)]).toEqual([0, 0]);
        for (const { p, peak } of history) expect(found.maximum).toBeGreaterThanOrEqual(1.2 * Math.max(p, peak));
        expect(found.standard).toBeGreaterThanOrEqual(1.15 * Math.min(...history.map(({ p }) => p)));
        expect(found).toEqual(advice(history.toReversed()));
      }),
    );
  });
});
