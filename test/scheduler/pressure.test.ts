import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostSample } from '../../daemon/model/host-sample.js';
import { DEFAULT_PREEMPTION } from '../../daemon/scheduler/eviction/preemption.js';
import {
  admitsNow,
  DEFAULT_PRESSURE,
  describe as describeState,
  explainAdmission,
  mayAct,
  NO_PRESSURE,
  nextPressure,
  type PressureState,
  pressureVictim,
} from '../../daemon/scheduler/eviction/pressure.js';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { holding, MINUTE, NOW, SECOND } from './support/holders.js';

const TOTAL = 16 * GiB;
const QUIET = { some10: 0, full10: 0 };
type Reading = Partial<Omit<HostSample, 'at'>>;

/** One reading a second for `seconds`, the first a second after the last sample. */
function during(state: PressureState, seconds: number, reading: Reading | ((second: number) => Reading)): PressureState {
  let next = state;
  for (let second = 1; second <= seconds; second++) {
    const at = (next.sample?.at ?? 0) + SECOND;
    const given = typeof reading === 'function' ? reading(second) : reading;
    next = nextPressure(next, { at, total: TOTAL, available: 8 * GiB, psi: QUIET, swapIn: 0, refaults: 0, ...given }, DEFAULT_PRESSURE);
  }
  return next;
}
const available = (share: number): Reading => ({ available: share * TOTAL });
const psi = (some10: number, full10: number): Reading => ({ psi: { some10, full10 } });
/** The first second of these readings in which the level is there. */
function secondsUntil(level: string, reading: Parameters<typeof during>[2], from = NO_PRESSURE): number | null {
  for (let seconds = 1; seconds <= 100; seconds++) if (during(from, seconds, reading).level === level) return seconds;
  return null;
}
const HARD = during(NO_PRESSURE, 3, available(0.03));
const SOFT = during(NO_PRESSURE, 11, available(0.07));

describe('pressure begins', () => {
  // A window of 10 s lies between 11 samples.
  test.each<[string, Reading, string, number | null]>([
    ['below 8 % available for 10 s', available(0.079), 'soft', 11],
    ['below 4 % available for 2 s', available(0.039), 'hard', 3],
    ['PSI some above 10 for 10 s', psi(10.1, 0), 'soft', 11],
    ['PSI full above 20 for 5 s', psi(5, 20.1), 'hard', 6],
    ['at 8 %, never', available(0.08), 'soft', null],
    ['at PSI some 10, never', psi(10, 0), 'soft', null],
    ['at PSI full 20 alone, never', psi(5, 20), 'hard', null],
  ])('%s', (_, reading, level, seconds) => {
    expect(secondsUntil(level, reading)).toBe(seconds);
  });

  test('not when the signal breaks off and comes again', () => {
    expect(secondsUntil('soft', second => available(second % 10 === 0 ? 0.09 : 0.07))).toBeNull();
  });

  test.each(['swapIn', 'refaults'] as const)('without PSI, when %s rises over five samples', counter => {
    expect(secondsUntil('soft', second => ({ psi: null, [counter]: 100 * second }))).toBe(6);
    expect(secondsUntil('soft', second => ({ psi: null, [counter]: 100 * Math.floor(second / 2) }))).toBeNull();
    expect(secondsUntil('soft', second => ({ [counter]: 100 * second }))).toBeNull();
    expect(secondsUntil('soft', { psi: null, [counter]: null })).toBeNull();
  });

  describe('not by what happens inside a container’s own limit: the kernel looks for memory for the host', () => {
    const STALLS: readonly [string, Reading | ((second: number) => Reading)][] = [
      ['PSI some', psi(60, 5)],
      ['PSI full', psi(90, 80)],
      ['swapped pages', second => ({ psi: null, swapIn: 100 * second })],
      ['refaults', second => ({ psi: null, refaults: 100 * second })],
    ];
    const beside =
      (reading: (typeof STALLS)[number][1], reclaims: (second: number) => number) =>
      (second: number): Reading => ({ ...(typeof reading === 'function' ? reading(second) : reading), reclaims: reclaims(second) });

    test.each(STALLS)('%s, never where it does not', (_, reading) => {
      for (let seconds = 1; seconds <= 100; seconds += 3)
        expect(
          during(
            NO_PRESSURE,
            seconds,
            beside(reading, () => 7_000),
          ).level,
        ).toBe('none');
    });

    test.each(STALLS)('%s, where it does: at most a second later than without that count', (_, reading) => {
      const level = during(NO_PRESSURE, 12, reading).level;
      const seconds = secondsUntil(level, reading) ?? Number.NaN;
      const counted = secondsUntil(
        level,
        beside(reading, second => 7_000 + second),
      );
      expect([seconds, seconds + 1]).toContain(counted);
    });

    test.each(STALLS)('%s: it ends a minute after the last time that it did', (_, reading) => {
      const short = during(
        NO_PRESSURE,
        12,
        beside(reading, second => second),
      );
      expect(
        during(
          short,
          69,
          beside(reading, () => 12),
        ).level,
      ).toBe('soft');
      expect(
        during(
          short,
          71,
          beside(reading, () => 12),
        ).level,
      ).toBe('none');
    });

    test('nor by a count that begins anew, or stands still over a gap', () => {
      expect(during(NO_PRESSURE, 60, { ...psi(60, 50), reclaims: 7_000 }).level).toBe('none');
      const restarted = during(during(NO_PRESSURE, 20, { reclaims: 7_000 }), 60, { ...psi(60, 50), reclaims: 3 });
      expect(restarted.level).toBe('none');
      const quiet = during(NO_PRESSURE, 20, { reclaims: 7_000 });
      const away = { at: (quiet.sample?.at ?? 0) + MINUTE, total: TOTAL, available: 8 * GiB, swapIn: 0, refaults: 0, reclaims: 7_000 };
      expect(
        during(nextPressure(quiet, { ...away, psi: { some10: 60, full10: 50 } }, DEFAULT_PRESSURE), 30, { ...psi(60, 50), reclaims: 7_000 })
          .level,
      ).toBe('none');
    });

    test('a count that grew over a gap counts, and so does one that the kernel tells only now', () => {
      const quiet = during(NO_PRESSURE, 20, { reclaims: 7_000 });
      const at = (quiet.sample?.at ?? 0) + MINUTE;
      const sample = { at, total: TOTAL, available: 8 * GiB, psi: { some10: 60, full10: 50 }, swapIn: 0, refaults: 0, reclaims: 9_000 };
      expect(during(nextPressure(quiet, sample, DEFAULT_PRESSURE), 6, { ...psi(60, 50), reclaims: 9_000 }).level).toBe('hard');
      expect(during(during(NO_PRESSURE, 5, psi(0, 0)), 6, { ...psi(60, 50), reclaims: 9_000 }).level).toBe('hard');
    });

    test('MemAvailable counts by itself', () => {
      expect(secondsUntil('soft', { ...available(0.07), reclaims: 7_000 })).toBe(11);
    });
  });

  test('at any pace of samples: the time counts, not their number', () => {
    const at = (...times: number[]) =>
      times.reduce(
        (state, time) =>
          nextPressure(
            state,
            { at: time, total: TOTAL, available: 0.03 * TOTAL, psi: null, swapIn: time, refaults: null },
            DEFAULT_PRESSURE,
          ),
        NO_PRESSURE,
      ).level;
    expect(at(0, 100, 200, 300, 400, 500, 600, 700)).toBe('none');
    expect(at(0, 1_999)).toBe('none');
    expect(at(0, 2_000)).toBe('hard');
    expect(at(0, 9_000)).toBe('hard');
    expect(at(0, 10_001)).toBe('none');
  });
});

describe('pressure ends', () => {
  test('after a minute with more than 8 % and 512 MB available, and no signal', () => {
    const enough = 0.08 * TOTAL + 513 * MiB;
    expect(secondsUntil('none', { available: enough }, SOFT)).toBe(61);
    expect(secondsUntil('none', { available: 0.08 * TOTAL + 511 * MiB }, SOFT)).toBeNull();
    expect(secondsUntil('none', { available: enough, ...psi(11, 0) }, SOFT)).toBeNull();
    expect(secondsUntil('none', second => (second === 50 ? available(0.07) : { available: enough }), SOFT)).toBeNull();
  });

  test('hard becomes soft with the first sample without a hard signal', () => {
    expect(during(HARD, 1, available(0.05))).toMatchObject({ level: 'soft', since: 4 * SECOND });
    expect(during(HARD, 1, available(0.5)).level).toBe('soft');
    expect(during(HARD, 1, psi(90, 80)).level).toBe('hard');
  });

  test('a gap restarts the windows, and keeps hard only where the signal is still there', () => {
    const resumed = (state: PressureState, share: number) =>
      nextPressure(
        state,
        { at: 8 * 60 * MINUTE, total: TOTAL, available: share * TOTAL, psi: QUIET, swapIn: 0, refaults: 0 },
        DEFAULT_PRESSURE,
      ).level;
    expect([resumed(HARD, 0.03), resumed(HARD, 0.9), resumed(SOFT, 0.9), resumed(during(NO_PRESSURE, 2, available(0.03)), 0.03)]).toEqual([
      'hard',
      'soft',
      'soft',
      'none',
    ]);
  });
});

describe('a service may be stopped for the host', () => {
  const may = (state: PressureState, lastVictimAt: number | null, samples: number, now: number) =>
    mayAct(state, lastVictimAt, samples, DEFAULT_PRESSURE, now);

  test('never without pressure', () => expect(may(NO_PRESSURE, null, 9, NOW)).toBe(false));

  test('under soft pressure once in 15 s, after the last one has exited', () => {
    expect(may(SOFT, null, 0, NOW)).toBe(true);
    expect(may(SOFT, NOW - 14_999, 9, NOW)).toBe(false);
    expect(may(SOFT, NOW - 15_000, 9, NOW)).toBe(true);
    expect(may(SOFT, NOW - 15_000, 0, NOW)).toBe(false);
  });

  test('under hard pressure at once, then with a sample after the exit', () => {
    expect(may(HARD, null, 0, NOW)).toBe(true);
    expect(may(HARD, NOW - SECOND, 0, NOW)).toBe(false);
    expect(may(HARD, NOW - MINUTE, 0, NOW)).toBe(false);
    expect(may(HARD, NOW - SECOND, 1, NOW)).toBe(true);
  });

  test('but not for a PSI average that falls, or cannot have fallen yet', () => {
    const stalled = during(NO_PRESSURE, 6, psi(90, 80));
    expect([1, 2, 3].map(samples => may(stalled, NOW - 4 * SECOND, samples, NOW))).toEqual([false, false, true]);
    const relenting = during(stalled, 5, second => psi(90, 80 - 10 * Math.floor(second / 2)));
    expect(relenting.level).toBe('hard');
    expect(may(relenting, NOW - 5 * SECOND, 4, NOW)).toBe(false);
    expect(may(relenting, NOW - 15 * SECOND, 14, NOW)).toBe(true);
    expect(may(during(relenting, 1, psi(90, 61)), NOW - 6 * SECOND, 5, NOW)).toBe(true);
  });

  test.each<[string, string, string | null]>([
    ['none', 'nobody', null],
    ['soft', 'the first of the idle that are up long enough', 'shop/idle'],
    ['hard', 'the first in rank, however short it is up', 'shop/frozen'],
  ])('%s: %s', (level, _, expected) => {
    const holdings = [
      holding('pinned', { priority: 0, frozen: true, protectedBy: 'pinned' }),
      holding('busy', { priority: 10 }),
      holding('idle', { priority: 70, lastUseAt: 0, idle: MINUTE }),
      holding('frozen', { priority: 20, frozen: true, since: NOW - SECOND }),
    ];
    expect(pressureVictim(level as 'none', holdings, DEFAULT_PREEMPTION, NOW)).toBe(expected);
  });

  test('soft pressure stops nobody in use, hard pressure does', () => {
    const holdings = [holding('api', { priority: 80 }), holding('db', { priority: 40 })];
    expect(pressureVictim('soft', holdings, DEFAULT_PREEMPTION, NOW)).toBeNull();
    expect(pressureVictim('hard', holdings, DEFAULT_PREEMPTION, NOW)).toBe('shop/db');
    expect(pressureVictim('hard', [], DEFAULT_PREEMPTION, NOW)).toBeNull();
  });
});

describe('in words', () => {
  test.each<[PressureState, string]>([
    [NO_PRESSURE, 'not measured yet'],
    [during(NO_PRESSURE, 3, { available: 480 * MiB }), 'MemAvailable 3 % (480 MB of 16 GB) for 2 s'],
    [during(NO_PRESSURE, 1, available(0.5)), 'MemAvailable 50 % (8 GB of 16 GB)'],
    [during(NO_PRESSURE, 8, psi(40, 34)), 'PSI full avg10 34 % for 7 s'],
    [during(NO_PRESSURE, 12, psi(12, 0)), 'PSI some avg10 12 % for 11 s'],
    [during(NO_PRESSURE, 7, second => ({ psi: null, swapIn: second })), 'pages come back from swap for 6 s'],
    [during(SOFT, 21, available(0.5)), 'MemAvailable 50 % (8 GB of 16 GB), without pressure for 20 s'],
    [during(SOFT, 1, available(0.09)), 'MemAvailable 9 % (1.4 GB of 16 GB), not enough to spare yet'],
  ])('%#: %s', (state, words) => {
    expect(describeState(state)).toBe(words);
  });

  test('why the host has no room for a start', () => {
    const sample: HostSample = { at: 0, total: TOTAL, available: 600 * MiB, psi: null, swapIn: null, refaults: null };
    expect(explainAdmission(sample, 256 * MiB, DEFAULT_PRESSURE)).toBe(
      'the host has 600 MB of 16 GB available, and 768 MB are needed: 256 MB for it and 512 MB to spare',
    );
    expect(explainAdmission(sample, 88 * MiB, DEFAULT_PRESSURE)).toBeNull();
    expect((['none', 'soft', 'hard'] as const).map(admitsNow)).toEqual([true, false, false]);
  });
});

test('for any samples: hard only with a hard signal in the last one, none only where nothing was there for a minute or ever', () => {
  const anySample = fc.record({
    step: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 30_000 })),
    share: fc.constantFrom(0.03, 0.03, 0.07, 0.09, 0.5, 0.5, 0.5),
    psi: fc.option(fc.record({ some10: fc.constantFrom(0, 0, 50), full10: fc.constantFrom(0, 0, 40) })),
    swapIn: fc.option(fc.nat(5)),
  });
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 60 }), samples => {
      let state = NO_PRESSURE;
      let at = 0;
      for (const { step, share, psi, swapIn } of samples) {
        at += step;
        const before = state;
        state = nextPressure(before, { at, total: TOTAL, available: share * TOTAL, psi, swapIn, refaults: null }, DEFAULT_PRESSURE);
        if (state.level === 'hard') expect(share < 0.04 || (psi?.full10 ?? 0) > 20).toBe(true);
        if (before.level !== 'none' && state.level === 'none') expect(at - (state.clearSince ?? at)).toBeGreaterThanOrEqual(60_000);
        if (before.level === 'hard') expect(state.level).not.toBe('none');
        expect(state.since).toBe(state.level === before.level ? before.since : at);
      }
    }),
  );
});
