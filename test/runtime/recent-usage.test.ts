import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecentUsage } from '../../daemon/runtime/sampling/recent.js';
import { runs } from '../support/deep.js';

const SECOND = 1_000;
const NOW = 1_700_000_000_000;

/** One entry each `every` ms up to NOW, whose working set counts them. */
function filled(count: number, every = SECOND): RecentUsage {
  const recent = new RecentUsage();
  for (let i = 0; i < count; i++) recent.add('shop/api', { at: NOW - (count - 1 - i) * every, workingSet: i, cpu: 1.5 });
  return recent;
}

const at = (recent: RecentUsage, since = 0, slot = 0, now = NOW) => recent.entries('shop/api', since, slot, now);

describe('the last 15 minutes', () => {
  test('are there as they were measured, oldest first', () => {
    const recent = new RecentUsage();
    recent.add('shop/api', { at: NOW - 2 * SECOND, workingSet: 10, cpu: null });
    recent.add('shop/api', { at: NOW, workingSet: 20, cpu: 12.3 });
    recent.add('shop/db', { at: NOW, workingSet: 99, cpu: 0 });
    expect(at(recent)).toEqual([
      { at: NOW - 2 * SECOND, workingSet: 10, peak: 10, cpu: null },
      { at: NOW, workingSet: 20, peak: 20, cpu: 12.3 },
    ]);
    expect(at(recent, NOW - SECOND)).toHaveLength(1);
    expect(recent.entries('shop/none', 0, 0, NOW)).toEqual([]);
  });

  test.each([59, 60, 61, 240, 899, 900, 901, 3_000])('%i entries: the last 900 at most', count => {
    const expected = Array.from({ length: Math.min(900, count) }, (_, i) => count - Math.min(900, count) + i);
    expect(at(filled(count)).map(({ workingSet }) => workingSet)).toEqual(expected);
  });

  test('older ones are not shown, also while nothing is added', () => {
    expect(at(filled(400, 5 * SECOND))).toHaveLength(181);
    expect(at(filled(900), 0, 0, NOW + 600 * SECOND)).toHaveLength(301);
  });

  test('a pace that changes leaves no gap and no disorder', () => {
    const recent = filled(300, 5 * SECOND);
    for (let i = 1; i <= 800; i++) recent.add('shop/api', { at: NOW + i * SECOND, workingSet: 299 + i, cpu: null });
    const entries = at(recent, 0, 0, NOW + 800 * SECOND);
    expect(entries.map(each => each.workingSet)).toEqual(Array.from({ length: entries.length }, (_, i) => 1_100 - entries.length + i));
    expect(entries.length).toBe(821);
  });

  test('not more than one a second is kept', () => {
    expect(at(filled(40, 250))).toHaveLength(10);
  });

  test('a clock that is set back drops what lies in the time to come', () => {
    const recent = filled(100);
    recent.add('shop/api', { at: NOW - 50 * SECOND, workingSet: 1_000, cpu: null });
    expect(at(recent).map(({ workingSet }) => workingSet)).toEqual([...Array.from({ length: 49 }, (_, i) => i), 1_000]);
  });

  test('are forgotten with the service', () => {
    const recent = filled(3);
    recent.keep(id => id !== 'shop/api');
    expect(at(recent)).toEqual([]);
  });

  test('whatever the clock does, entries are in order, near to now, and not too many', () => {
    const steps = fc.array(fc.oneof(fc.nat(3_000), fc.nat(3_000), fc.constantFrom(-3_600_000, -900, 900_000)), {
      minLength: 1,
      maxLength: 2_000,
    });
    fc.assert(
      fc.property(steps, moves => {
        const recent = new RecentUsage();
        let now = NOW;
        for (const move of moves) {
          now += move;
          recent.add('shop/api', { at: now, workingSet: 1, cpu: null });
        }
        const times = at(recent, 0, 0, now).map(entry => entry.at);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(times.length).toBeLessThanOrEqual(900);
        expect(times.every(time => time >= now - 900_000)).toBe(true);
      }),
      { numRuns: runs(50) },
    );
  });
});

test('entries of one slot are joined: its beginning, the mean, the peak, the CPU where it is known', () => {
  const recent = new RecentUsage();
  const begin = Math.floor(NOW / 10_000) * 10_000;
  for (const [seconds, workingSet, cpu] of [
    [1, 10, null],
    [2, 40, 2],
    [9, 10, 3],
    [10, 7, null],
  ] as const)
    recent.add('shop/api', { at: begin + seconds * SECOND, workingSet, cpu });
  expect(at(recent, 0, 10_000, begin + 10_000)).toEqual([
    { at: begin, workingSet: 20, peak: 40, cpu: 2.5 },
    { at: begin + 10_000, workingSet: 7, peak: 7, cpu: null },
  ]);
});
