import type { LiveBudget, LiveService } from '../../api/live.js';
import type { HistoryEntry } from '../../api/live-history.js';
import { CHART_SPAN } from './snapshot.js';

/** A bar: fills and marks, in % of its length. */
export interface Bar {
  readonly fill: number;
  /** Reserved behind the fill. */
  readonly back: number;
  readonly marks: readonly number[];
  /** More is used than is reserved. */
  readonly over: boolean;
}

/** The working set of a service before its grant, its maximum being the whole; marks for standard and grant. */
export function memoryBar({ memory, usage }: Pick<LiveService, 'memory' | 'usage'>): Bar {
  const whole = Math.max(memory.maximum, memory.grant, 1);
  const used = usage?.workingSet ?? 0;
  return {
    fill: share(used, whole),
    back: share(memory.grant, whole),
    marks: [share(memory.standard, whole), ...(memory.grant > 0 ? [share(memory.grant, whole)] : [])],
    over: memory.grant > 0 && used > memory.grant * 0.9,
  };
}

/** Working sets before what is granted, the budget being the whole; a mark where the standards end. */
export function budgetBar({ budget, granted, standard, workingSet }: LiveBudget): Bar {
  const whole = Math.max(budget, granted, 1);
  return { fill: share(workingSet, whole), back: share(granted, whole), marks: [share(standard, whole)], over: workingSet > granted };
}

export function share(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round(Math.min(1, Math.max(0, part / whole)) * 1_000) / 10;
}

/** Points of a line over the last minute in a box of this size; the top is `most`, or what was the highest. */
export function sparkPoints(entries: readonly HistoryEntry[], now: number, width: number, height: number): string {
  const top = Math.max(1, ...entries.map(({ workingSet }) => workingSet)) * 1.1;
  return entries
    .filter(({ at }) => at >= now - CHART_SPAN)
    .map(({ at, workingSet }) => `${round(((at - now + CHART_SPAN) / CHART_SPAN) * width)},${round(height - (workingSet / top) * height)}`)
    .join(' ');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
