import type { ServiceSample } from '../model/container-sample.js';
import type { ServiceId } from '../model/spec.js';
import type { HistoryPoint } from '../ports/ports.js';
import type { Ms } from '../shared/span.js';

export const MINUTE: Ms = 60_000;

/** A point with the service that it is about: what is written down. */
export interface MinutePoint extends HistoryPoint {
  readonly id: ServiceId;
}

/** What a service was seen to use in the running minute. */
interface Tally {
  sum: number;
  count: number;
  peak: number;
  /** CPU time between samples of the same container, ns, and the time between them, ms. */
  cpu: number;
  over: Ms;
}

interface Last {
  readonly container: string;
  readonly cpu: number;
  readonly now: Ms;
}

/**
 * Rolls samples up into one point a minute and service: the mean of the working set, because it needs no samples kept, and the peak
 * beside it, because the mean hides it. Minutes are those of the wall clock; CPU time is measured by the monotonic one.
 */
export class Minutes {
  private at: Ms | null = null;
  private tallies = new Map<ServiceId, Tally>();
  private readonly last = new Map<ServiceId, Last>();

  /** When the running minute began, ms since the epoch; null: nothing was seen since the last one ended. */
  get running(): Ms | null {
    return this.at;
  }

  /** Counts samples of one moment. When they are of another minute than those before, that one ends: its points are returned. */
  add(samples: readonly ServiceSample[], wall: Ms, now: Ms): readonly MinutePoint[] {
    const minute = minuteOf(wall);
    const ended = this.at !== null && this.at !== minute ? this.end() : [];
    this.at = minute;
    for (const sample of samples) this.count(sample, now);
    return ended;
  }

  /** Ends the running minute. */
  end(): readonly MinutePoint[] {
    const at = this.at;
    if (at === null) return [];
    const points = [...this.tallies].map(([id, tally]) => pointOf(at, id, tally));
    for (const id of this.last.keys()) if (!this.tallies.has(id)) this.last.delete(id);
    this.tallies = new Map();
    this.at = null;
    return points;
  }

  private count({ id, container, workingSet, cpu }: ServiceSample, now: Ms): void {
    const tally = this.tallies.get(id) ?? { sum: 0, count: 0, peak: 0, cpu: 0, over: 0 };
    this.tallies.set(id, tally);
    tally.sum += workingSet;
    tally.count += 1;
    tally.peak = Math.max(tally.peak, workingSet);
    const last = this.last.get(id);
    this.last.set(id, { container, cpu, now });
    if (last?.container !== container || cpu < last.cpu || now - last.now > MINUTE) return;
    tally.cpu += cpu - last.cpu;
    tally.over += now - last.now;
  }
}

export function minuteOf(wall: Ms): Ms {
  return Math.floor(wall / MINUTE) * MINUTE;
}

function pointOf(at: Ms, id: ServiceId, { sum, count, peak, cpu, over }: Tally): MinutePoint {
  const percent = over > 0 ? Math.round((cpu / (over * 1e6)) * 1_000) / 10 : null;
  return { at, id, p: Math.round(sum / count), peak, cpu: percent };
}
