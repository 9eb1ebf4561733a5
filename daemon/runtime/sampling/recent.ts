import type { HistoryEntry } from '../../api/live-history.js';
import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';

/** How far back entries are kept. */
const WINDOW: Ms = 900_000;
/** Entries come at most once a second; a timer may be early. */
const NEAREST: Ms = 950;
const MOST = 900;
const FIRST = 60;

/**
 * What services were measured to use in the last 15 minutes: at most 900 entries of 20 bytes, 18 KB, a service, and memory for as many as there
 * are. By the wall clock; when it is set back, entries of the hour to come are dropped.
 */
export class RecentUsage {
  private readonly rings = new Map<ServiceId, Ring>();

  add(id: ServiceId, entry: Omit<HistoryEntry, 'peak'>): void {
    const ring = this.rings.get(id) ?? new Ring();
    this.rings.set(id, ring);
    ring.add(entry);
  }

  /** Entries at or after `since`, oldest first; joined where they lie in one slot of `slot` ms (0: as they were measured). */
  entries(id: ServiceId, since: Ms, slot: Ms, now: Ms): readonly HistoryEntry[] {
    const entries = this.rings.get(id)?.since(Math.max(since, now - WINDOW)) ?? [];
    return slot > 0 ? joined(entries, slot) : entries;
  }

  /** Drops what is known of all others. */
  keep(isKept: (id: ServiceId) => boolean): void {
    for (const id of this.rings.keys()) if (!isKept(id)) this.rings.delete(id);
  }
}

class Ring {
  private at = new Float64Array(FIRST);
  private workingSet = new Float64Array(FIRST);
  /** % of one core; NaN: not known. */
  private cpu = new Float32Array(FIRST);
  private start = 0;
  private length = 0;

  add({ at, workingSet, cpu }: Omit<HistoryEntry, 'peak'>): void {
    while (this.length > 0 && this.last() >= at) this.length--;
    if (this.length > 0 && at - this.last() < NEAREST) return;
    if (this.length === this.at.length) this.makeRoom(at);
    const index = (this.start + this.length++) % this.at.length;
    this.at[index] = at;
    this.workingSet[index] = workingSet;
    this.cpu[index] = cpu ?? Number.NaN;
  }

  since(time: Ms): HistoryEntry[] {
    const found: HistoryEntry[] = [];
    for (let offset = 0; offset < this.length; offset++) {
      const index = (this.start + offset) % this.at.length;
      const at = this.at[index] ?? 0;
      const workingSet = this.workingSet[index] ?? 0;
      const cpu = this.cpu[index] ?? Number.NaN;
      // A float of 32 bits has more digits than were measured.
      if (at >= time) found.push({ at, workingSet, peak: workingSet, cpu: Number.isNaN(cpu) ? null : Math.round(cpu * 10) / 10 });
    }
    return found;
  }

  private last(): Ms {
    return this.at[(this.start + this.length - 1) % this.at.length] ?? 0;
  }

  /** Grows only for what is still shown. */
  private makeRoom(now: Ms): void {
    const oldest = this.at[this.start] ?? 0;
    if (oldest >= now - WINDOW && this.length < MOST) return this.grow(Math.min(MOST, 2 * this.length));
    this.start = (this.start + 1) % this.at.length;
    this.length--;
  }

  private grow(size: number): void {
    const inOrder = (from: Float64Array | Float32Array, to: Float64Array | Float32Array) => {
      to.set(from.subarray(this.start));
      to.set(from.subarray(0, this.start), from.length - this.start);
    };
    const [at, workingSet, cpu] = [new Float64Array(size), new Float64Array(size), new Float32Array(size)];
    inOrder(this.at, at);
    inOrder(this.workingSet, workingSet);
    inOrder(this.cpu, cpu);
    [this.at, this.workingSet, this.cpu, this.start] = [at, workingSet, cpu, 0];
  }
}

/** One entry a slot: the mean, the highest peak, the mean of the CPU where it is known. */
function joined(entries: readonly HistoryEntry[], slot: Ms): HistoryEntry[] {
  const found: HistoryEntry[] = [];
  let [sum, count, cpu, known] = [0, 0, 0, 0];
  for (const entry of entries) {
    const at = Math.floor(entry.at / slot) * slot;
    const last = found.at(-1);
    if (last?.at !== at) [sum, count, cpu, known] = [0, 0, 0, 0];
    sum += entry.workingSet;
    count += 1;
    cpu += entry.cpu ?? 0;
    known += entry.cpu === null ? 0 : 1;
    const peak = last?.at === at ? Math.max(last.peak, entry.peak) : entry.peak;
    if (last?.at === at) found.pop();
    found.push({ at, workingSet: Math.round(sum / count), peak, cpu: known === 0 ? null : Math.round((cpu / known) * 10) / 10 });
  }
  return found;
}
