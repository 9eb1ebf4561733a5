import type { Live } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Supervisor } from '../../runtime/supervisor.js';
import type { Ms } from '../../shared/span.js';
import { isTold, type StreamView } from './query.js';
import { SubscriberGroup } from './subscriber-group.js';
import type { Viewer } from './viewer.js';

/** In a storm of changes a new picture is taken this often, ms. */
const SOONEST: Ms = 50;
/** Before that, so many changes are told at once: a death is not to wait because figures came in a moment ago. */
const AT_ONCE = 4;
/** Notices in a snapshot. */
const NOTICES = 100;

/**
 * Everybody who watches. INVARIANTS: the supervisor is watched and subscribed to while there is a viewer, at the smallest rate that any
 * asked for, and not a moment longer; a picture is taken once for all; a viewer joins and gets its snapshot in one turn of the event loop,
 * so that nothing falls between the snapshot and what follows it.
 */
export class Hub {
  readonly #audiences = new Map<string, SubscriberGroup<Viewer>>();
  #watch: { readonly every: Ms; readonly end: () => void } | null = null;
  #unsubscribe: (() => void) | null = null;
  #picture: Live | null = null;
  /** When the next one may be taken; ms, monotonic. Falls behind the clock by AT_ONCE steps at most, and each picture moves it one on. */
  #next = Number.NEGATIVE_INFINITY;
  #isStale = false;
  #turn: { readonly at: Ms; readonly timer: NodeJS.Timeout | NodeJS.Immediate } | null = null;

  constructor(private readonly supervisor: Supervisor) {}

  get size(): number {
    return [...this.#audiences.values()].reduce((sum, { viewers }) => sum + viewers.size, 0);
  }

  /** `recent`: JSON of the snapshot's last minute. */
  join(viewer: Viewer, recent: string): void {
    const key = JSON.stringify(viewer.query);
    const audience = this.#audiences.get(key) ?? new SubscriberGroup<Viewer>(viewer.query);
    this.#audiences.set(key, audience);
    this.#unsubscribe ??= this.supervisor.subscribe(notice => this.#notify(notice));
    this.#rewatch(viewer.query.every);
    const live = audience.partOf(this.#take());
    viewer.snapshot(live, lastNotices(this.supervisor, viewer.query), recent);
    audience.viewers.add(viewer);
    // Those who were here before have not seen this picture.
    this.#look(performance.now());
  }

  /** Also of one that could not join. */
  leave(viewer: Viewer): void {
    const key = JSON.stringify(viewer.query);
    const audience = this.#audiences.get(key);
    audience?.viewers.delete(viewer);
    if (audience?.viewers.size === 0) this.#audiences.delete(key);
    this.#rewatch(Number.POSITIVE_INFINITY);
    if (this.#audiences.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#picture = null;
    this.#clear();
  }

  /** A viewer that was passed over can be told again. */
  readonly caughtUp = (): void => this.#look(performance.now());

  /** `joins`: the rate of somebody who is about to be counted. The new watch begins before the old one ends: measuring goes on. */
  #rewatch(joins: Ms): void {
    const every = Math.min(joins, ...[...this.#audiences.values()].map(({ query }) => query.every));
    if (every === (this.#watch?.every ?? Number.POSITIVE_INFINITY)) return;
    const before = this.#watch;
    this.#watch = Number.isFinite(every) ? { every, end: this.supervisor.watch(every, () => this.#changed()) } : null;
    before?.end();
  }

  #changed(): void {
    this.#isStale = true;
    this.#look(Math.max(performance.now(), this.#next));
  }

  #take(): Live {
    this.#picture = this.supervisor.live();
    this.#next = Math.max(this.#next, performance.now() - (AT_ONCE - 1) * SOONEST) + SOONEST;
    this.#isStale = false;
    return this.#picture;
  }

  #notify(notice: LoggedNotice): void {
    const text = JSON.stringify(notice);
    for (const { query, viewers } of this.#audiences.values()) {
      if (!isTold(query, notice)) continue;
      for (const viewer of viewers) if (!viewer.notify(text)) this.leave(viewer);
    }
  }

  /** Never inside the call that brought the change: the supervisor may be in the middle of it. */
  #look(at: Ms): void {
    if (this.#audiences.size === 0 || (this.#turn !== null && this.#turn.at <= at)) return;
    this.#clear();
    const wait = at - performance.now();
    const run = () => this.#tell();
    this.#turn = { at, timer: wait > 0 ? setTimeout(run, Math.ceil(wait)) : setImmediate(run) };
  }

  #tell(): void {
    this.#turn = null;
    const live = this.#isStale || this.#picture === null ? this.#take() : this.#picture;
    const now = performance.now();
    const due = Math.min(...[...this.#audiences.values()].map(audience => audience.tell(live, now)));
    if (Number.isFinite(due)) this.#look(due);
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
    .filter(notice => isTold(query, notice))
    .slice(-NOTICES);
}
