import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Minutes } from '../../daemon/history/minutes.js';
import { MINUTE, NOON, sample } from './support/history.js';

describe('minutes', () => {
  test('have the mean and the peak of the working set, a point for each service', () => {
    const minutes = new Minutes();
    expect(minutes.add([sample('shop/api', 100), sample('shop/db', 7)], NOON, 0)).toEqual([]);
    expect(minutes.add([sample('shop/api', 300)], NOON + 5_000, 5_000)).toEqual([]);
    expect(minutes.add([sample('shop/api', 900)], NOON + MINUTE, MINUTE)).toEqual([
      { at: NOON, id: 'shop/api', p: 200, peak: 300, cpu: 0 },
      { at: NOON, id: 'shop/db', p: 7, peak: 7, cpu: null },
    ]);
    expect(minutes.end()).toEqual([{ at: NOON + MINUTE, id: 'shop/api', p: 900, peak: 900, cpu: 0 }]);
    expect(minutes.end()).toEqual([]);
  });

  test('have the CPU time between samples of one container, as % of a core', () => {
    const minutes = new Minutes();
    const at = (seconds: number, cpuSeconds: number, container = 'c') =>
      minutes.add([sample('shop/api', 1, cpuSeconds * 1e9, container)], NOON + seconds * 1_000, seconds * 1_000);
    at(0, 10);
    at(10, 15); // half a core for 10 s
    at(20, 0.1, 'other'); // a new container counts from its own beginning
    at(30, 2.6, 'other'); // a quarter for 10 s
    expect(minutes.end()).toMatchObject([{ cpu: 37.5 }]);
    at(60, 32.6, 'other'); // goes on over the edge of a minute: one core for 30 s
    expect(minutes.end()).toMatchObject([{ cpu: 100 }]);
    at(200, 33, 'other'); // asleep in between: what it used since is not of this minute
    expect(minutes.end()).toMatchObject([{ cpu: null }]);
  });

  test('whatever the clock does, each sample is counted in exactly one point of its minute', () => {
    const jumps = fc.array(fc.oneof(fc.nat(20_000), fc.constantFrom(-3_600_000, 3_600_000, -1, 86_400_000)), { minLength: 1 });
    fc.assert(
      fc.property(jumps, steps => {
        const minutes = new Minutes();
        let wall = NOON;
        const points = steps.flatMap((step, now) => {
          wall += step;
          return minutes.add([sample('shop/api', wall)], wall, now);
        });
        const all = [...points, ...minutes.end()];
        expect(all.every(({ at, p, peak }) => at % MINUTE === 0 && p >= at && peak < at + MINUTE)).toBe(true);
        const changes = steps.filter((_, i) => i > 0 && minuteAt(steps, i) !== minuteAt(steps, i - 1)).length;
        expect(all.length).toBe(changes + 1);
      }),
    );
  });
});

function minuteAt(steps: readonly number[], index: number): number {
  return Math.floor(steps.slice(0, index + 1).reduce((sum, step) => sum + step, NOON) / MINUTE);
}
