import type { Clock, Log, Store } from '../ports/ports.js';
import type { Intent } from '../scheduler/state/intent.js';
import { intentOf } from '../scheduler/state/restore.js';
import type { World } from '../scheduler/state/world.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { pinsToKeep } from './pins.js';

/** A disk does not get room by itself; a person makes it, and then waits for this. */
const AGAIN: Ms = 10_000;

export interface IntentKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly world: () => World;
  readonly trusted: () => Pick<Intent, 'trusted' | 'lastTrusted'>;
}

/**
 * Keeps the intent. Where the disk refuses it the daemon goes on with what it has in memory, says so to each that asks for something, and tries
 * again every 10 s until it is kept.
 */
export class IntentKeeper {
  private failed: Failure | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(private readonly options: IntentKeeperOptions) {
    options.store.onUnsynced?.(failed => this.look(failed));
  }

  /** Why the present intent is not kept; null: it is. */
  get unkept(): Failure | null {
    return this.failed;
  }

  keep(): void {
    const { store, world, trusted, clock } = this.options;
    const now = world();
    const learnt = [...now.learnt].map(([id, memory]) => ({ id, ...memory }));
    const pins = pinsToKeep(now, clock);
    this.look(store.save({ version: 1, projects: intentOf(now), ...trusted(), pins, budget: now.budget, learnt }));
  }

  /** A last try: there is no later one. */
  close(): void {
    if (this.failed) this.keep();
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private look(failed: Failure | null): void {
    const { log } = this.options;
    if (failed && this.failed?.message !== failed.message) log.error({ failure: failed.message }, 'the intent could not be kept');
    if (this.failed && !failed) log.info({}, 'the intent is kept again');
    this.failed = failed;
    if (this.timer) clearTimeout(this.timer);
    this.timer = failed && !this.closed ? setTimeout(() => this.keep(), AGAIN).unref() : null;
  }
}
