import type { Live } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Supervisor } from '../../runtime/supervisor.js';
import type { Ms } from '../../shared/span.js';
import { concerns, type StreamView } from './query.js';
import { SubscriberGroup } from './subscriber-group.js';
import type { Viewer } from './viewer.js';

/** Before snapshots have to wait, this many changes are sent at once: an exit must not wait because figures came in a moment ago. */
const AT_ONCE = 4;
/** Notices in a snapshot. */
const NOTICES = 100;

/**
 * All viewers of the stream. INVARIANTS: the supervisor is watched and subscribed to only while there is a viewer, at the shortest interval that any
 * of them asked for; a snapshot is taken once for all; a viewer joins and gets its snapshot in one turn of the event loop, so that nothing
 * is lost between the snapshot and the deltas.
 */
export class Hub {
  readonly #groups = new Map<string, SubscriberGroup<Viewer>>();
  #watch: { readonly every: Ms; readonly end: () => void } | null = null;
  #unsubscribe: (() => void) | null = null;
  #snapshot: Live | null = null;
  /** When the next one may be taken; ms, monotonic. Falls behind the clock by AT_ONCE steps at most, and each snapshot moves it one step forward. */
  #next = Number.NEGATIVE_INFINITY;
  #isStale = false;
  #turn: { readonly at: Ms; readonly timer: NodeJS.Timeout | NodeJS.Immediate } | null = null;

  /** `soonest`: in a storm of changes a new snapshot is taken this often. */
  constructor(
    private readonly supervisor: Supervisor,
    private readonly soonest: Ms,
  ) {}

  get size(): number {
    return [...this.#groups.values()].reduce((sum, { viewers }) => sum + viewers.size, 0);
  }

  /** `recent`: JSON of the snapshot's last minute. */
  join(viewer: Viewer, recent: string): void {
    const key = JSON.stringify(viewer.query);
    const group = this.#groups.get(key) ?? new SubscriberGroup<Viewer>(viewer.query);
    this.#groups.set(key, group);
    this.#unsubscribe ??= this.supervisor.subscribe(notice => this.#notify(notice));
    this.#rewatch(viewer.query.every);
    const live = group.partOf(this.#take());
    viewer.snapshot(live, lastNotices(this.supervisor, viewer.query), recent);
    group.viewers.add(viewer);
    // Earlier viewers have not seen this snapshot.
    this.#schedule(performance.now());
  }

  /** Also for a viewer that could not join. */
  leave(viewer: Viewer): void {
    const key = JSON.stringify(viewer.query);
    const group = this.#groups.get(key);
    group?.viewers.delete(viewer);
    if (group?.viewers.size === 0) this.#groups.delete(key);
    this.#rewatch(Number.POSITIVE_INFINITY);
    if (this.#groups.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#snapshot = null;
    this.#clear();
  }

  /** A viewer that was skipped can take deltas again. */
  readonly caughtUp = (): void => this.#schedule(performance.now());

  /** `joins`: the interval of a viewer that is about to join. The new watch begins before the old one ends, so measuring continues. */
  #rewatch(joins: Ms): void {
    const every = Math.min(joins, ...[...this.#groups.values()].map(({ query }) => query.every));
    if (every === (this.#watch?.every ?? Number.POSITIVE_INFINITY)) return;
    const before = this.#watch;
    this.#watch = Number.isFinite(every) ? { every, end: this.supervisor.watch(every, () => this.#changed()) } : null;
    before?.end();
  }

  #changed(): void {
    this.#isStale = true;
    this.#schedule(Math.max(performance.now(), this.#next));
  }

  #take(): Live {
    this.#snapshot = this.supervisor.live();
    this.#next = Math.max(this.#next, performance.now() - (AT_ONCE - 1) * this.soonest) + this.soonest;
    this.#isStale = false;
    return this.#snapshot;
  }

  #notify(notice: LoggedNotice): void {
    const text = JSON.stringify(notice);
    for (const { query, viewers } of this.#groups.values()) {
      if (!concerns(query, notice)) continue;
      for (const viewer of viewers) if (!viewer.notify(text)) this.leave(viewer);
    }
  }

  /** Never inside the call that brought the change: the supervisor may be in the middle of it. */
  #schedule(at: Ms): void {
    if (this.#groups.size === 0 || (this.#turn !== null && this.#turn.at <= at)) return;
    this.#clear();
    const wait = at - performance.now();
    const run = () => this.#publish();
    this.#turn = { at, timer: wait > 0 ? setTimeout(run, Math.ceil(wait)) : setImmediate(run) };
  }

  #publish(): void {
    this.#turn = null;
    const live = this.#isStale || this.#snapshot === null ? this.#take() : this.#snapshot;
    const now = performance.now();
    const due = Math.min(...[...this.#groups.values()].map(group => group.publish(live, now)));
    if (Number.isFinite(due)) this.#schedule(due);
  }

  #clear(): void {
    if (this.#turn === null) return;
    clearTimeout(this.#turn.timer as NodeJS.Timeout);
    clearImmediate(this.#turn.timer as NodeJS.Immediate);
    this.#turn = null;
  }
}

function lastNotices(supervisor: Supervisor, query: StreamView): readonly LoggedNotice[] {
  return supervisor
    .notices()
    .filter(notice => concerns(query, notice))
    .slice(-NOTICES);
}
