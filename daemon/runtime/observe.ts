import { setTimeout as pause } from 'node:timers/promises';
import type { EngineInfo } from '../api/engine-info.js';
import type { Clock, Containers, Log } from '../ports/ports.js';
import type { Event } from '../scheduler/state/event.js';
import { isActive } from '../scheduler/state/service-state.js';
import type { World } from '../scheduler/state/world.js';
import { isSilence } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { toFailure } from '../shared/to-failure.js';

const FIRST_PAUSE: Ms = 200;
const MOST_PAUSE: Ms = 5_000;

export interface ObserverOptions {
  readonly containers: Containers;
  readonly clock: Clock;
  readonly log: Log;
  readonly world: () => World;
  readonly post: (event: Event) => void;
  /** From one list of everything to the next: so long a lost event, or an engine that hangs, may go unnoticed (docs/reliability.md). */
  readonly relist: Ms;
  /** A health check of the engine's own: told past the mailbox, for there is nothing to decide about it. */
  readonly onCheck: (phase: 'started' | 'ended', container: string, exec: string) => void;
  /** Called when a list of everything was posted. */
  readonly onObserved: (isFirst: boolean) => void;
}

/**
 * Watches the engine: connect, listen, look at everything once, then follow its events. When the engine goes away that is said once, and it is
 * tried again with a pause that grows from 0.2 to 5 s.
 */
export class Observer {
  /** Resolves when the engine was looked at once, or could not be: before that nothing is known of what runs. */
  readonly looked: Promise<void>;
  private readonly hasLooked: () => void;
  private readonly ending = new AbortController();
  private info: EngineInfo | null = null;
  private isFirst = true;

  constructor(private readonly options: ObserverOptions) {
    let hasLooked = () => {};
    this.looked = new Promise(resolve => {
      hasLooked = resolve;
    });
    this.hasLooked = hasLooked;
  }

  /** Null: it is away, or has not answered yet. */
  get engine(): EngineInfo | null {
    return this.info;
  }

  begin(): void {
    void this.observe();
  }

  close(): void {
    this.ending.abort();
  }

  private async observe(): Promise<void> {
    const { log, post } = this.options;
    const { signal } = this.ending;
    let wait = FIRST_PAUSE;
    while (!signal.aborted) {
      try {
        await this.watch(signal, () => {
          wait = FIRST_PAUSE;
        });
      } catch (error) {
        if (!signal.aborted) log.warn({ failure: toFailure(error).message }, 'the engine cannot be watched');
      }
      if (signal.aborted) return;
      this.info = null;
      post({ kind: 'engineLost' });
      this.hasLooked();
      await pause(wait, undefined, { signal }).catch(() => undefined);
      wait = Math.min(MOST_PAUSE, wait * 2);
    }
  }

  /** Follows the engine until it ends its events, or does not answer. */
  private async watch(signal: AbortSignal, onUp: () => void): Promise<void> {
    const { containers, clock, world } = this.options;
    const info = await containers.info();
    // Events from before the look around, so that nothing falls between the two; one seen twice does no harm.
    const since = clock.wall();
    const asOf = world().version;
    const seen = await containers.list();
    this.info = info;
    this.observed({ kind: 'observed', containers: seen, asOf });
    onUp();
    const ending = new AbortController();
    const until = AbortSignal.any([signal, ending.signal]);
    try {
      await Promise.race([this.follow(since, until), this.lookAgain(until)]);
    } finally {
      ending.abort();
    }
  }

  private observed(event: Extract<Event, { kind: 'observed' }>): void {
    const { post, onObserved } = this.options;
    const { isFirst } = this;
    this.isFirst = false;
    post(event);
    onObserved(isFirst);
    this.hasLooked();
  }

  private async follow(since: Ms, until: AbortSignal): Promise<void> {
    const { containers, post, onCheck } = this.options;
    for await (const event of containers.events(until, since)) {
      if (until.aborted) return;
      if (event.kind === 'checkStarted') onCheck('started', event.id, event.exec);
      else if (event.kind === 'checkEnded') onCheck('ended', event.id, event.exec);
      else post({ kind: 'engine', event });
    }
  }

  /**
   * Something runs: then everything is listed again from time to time, for an event can be lost. At rest nobody asks. One look at a time. Rejects
   * when the engine does not answer: one that hangs keeps its events open, and says nothing in them.
   */
  private async lookAgain(until: AbortSignal): Promise<void> {
    const { containers, world, relist, log } = this.options;
    for (;;) {
      await pause(relist, undefined, { signal: until });
      if (![...world().services.values()].some(entry => isActive(entry.state))) continue;
      const asOf = world().version;
      try {
        const seen = await containers.list();
        if (!until.aborted) this.observed({ kind: 'observed', containers: seen, asOf });
      } catch (error) {
        if (isSilence(toFailure(error))) throw error;
        log.warn({ err: error }, 'the containers could not be listed');
      }
    }
  }
}
