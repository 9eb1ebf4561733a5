import type { Memory } from '../model/spec.js';
import { type Bytes, MiB } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';

/** The memory of a service over one interval of its history. */
export interface UsagePoint {
  /** Wall clock, ms since the epoch. */
  readonly at: Ms;
  /** The working set. */
  readonly p: Bytes;
  /** The highest working set in the interval. */
  readonly peak: Bytes;
  /** How much the point counts beside the others (a roll-up of five minutes: 5); 1 where it is absent. */
  readonly weight?: number;
}

/** The figures of docs/history.md; their sources: docs/design/memory.md, "Advice". */
export interface AdvicePolicy {
  readonly percentile: number;
  readonly standardMargin: number;
  readonly peakMargin: number;
  /** A point of this age counts half. */
  readonly halfLife: Ms;
  /** What is older counts no more. A peak counts fully until then: decayed, the highest would sink below what was really used. */
  readonly window: Ms;
  /** Figures are rounded up to whole multiples of this. */
  readonly step: Bytes;
  /** The least limit that the engine takes (Docker: 6 MB). */
  readonly least: Bytes;
  /** With less measured time than this, the advice is not worth following. */
  readonly enoughAfter: Ms;
  /** A point stands for the time since the one before it, but for no more than this: what was asleep was not measured. */
  readonly longestStand: Ms;
}

const DAY: Ms = 86_400_000;

export const DEFAULT_ADVICE: AdvicePolicy = {
  percentile: 0.9,
  standardMargin: 1.15,
  peakMargin: 1.2,
  halfLife: DAY,
  window: 8 * DAY,
  step: 16 * MiB,
  least: 6 * MiB,
  enoughAfter: 3_600_000,
  longestStand: 300_000,
};

export interface Advice {
  readonly standard: Bytes;
  readonly maximum: Bytes;
  /** Points that it rests on, each by its weight. */
  readonly samples: number;
  /** From the first of them to the last. */
  readonly days: number;
  /** For how long there was a service to measure. */
  readonly measured: Ms;
  /** Whether enough time was measured; while not, show the figures as a guess or not at all. */
  readonly enough: boolean;
  /** How much less would be reserved than now; negative: more. */
  readonly saves: Bytes;
}

/**
 * What a service should have, by what it used: standard = p90 × 1.15 with weights that halve each 24 h, maximum = peak × 1.2,
 * in whole 16 MiB, standard ≤ maximum. Without any point the current figures are returned. `now`: wall clock; a point from
 * the future (a clock that was set back) counts as new.
 */
export function advise(history: readonly UsagePoint[], current: Memory, policy: AdvicePolicy, now: Ms): Advice {
  const points = history.filter(({ at, weight }) => now - at <= policy.window && (weight ?? 1) > 0);
  if (points.length === 0) return { ...current, samples: 0, days: 0, measured: 0, enough: false, saves: 0 };
  const up = (bytes: Bytes) => Math.ceil(Math.max(policy.least, bytes) / policy.step) * policy.step;
  const standard = up(policy.standardMargin * percentileOf(points, policy, now));
  const peak = points.reduce((most, point) => Math.max(most, point.p, point.peak), 0);
  const times = points.map(({ at }) => at).sort((a, b) => a - b);
  const time = measured(times, policy);
  return {
    standard,
    maximum: Math.max(standard, up(policy.peakMargin * peak)),
    samples: points.reduce((sum, { weight }) => sum + (weight ?? 1), 0),
    days: ((times.at(-1) ?? 0) - (times[0] ?? 0)) / DAY,
    measured: time,
    enough: time >= policy.enoughAfter,
    saves: current.standard - standard,
  };
}

/** The least working set that the given share of the weight does not exceed. */
function percentileOf(points: readonly UsagePoint[], policy: AdvicePolicy, now: Ms): Bytes {
  const weighted = points
    .map(({ at, p, weight }) => ({ p, weight: (weight ?? 1) * 2 ** (-Math.max(0, now - at) / policy.halfLife) }))
    .sort((a, b) => a.p - b.p || a.weight - b.weight);
  const threshold = policy.percentile * weighted.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { p, weight } of weighted) {
    sum += weight;
    if (sum >= threshold) return p;
  }
  return weighted.at(-1)?.p ?? 0;
}

/** `times`: rising. */
function measured(times: readonly Ms[], policy: AdvicePolicy): Ms {
  return times.reduce((sum, at, i) => sum + Math.min(policy.longestStand, at - (times[i - 1] ?? at)), 0);
}
