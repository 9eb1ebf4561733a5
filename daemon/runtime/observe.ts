import { setTimeout as pause } from 'node:timers/promises';
import type { EngineInfo } from '../api/engine-info.js';
import type { Clock, Containers, Log } from '../ports/ports.js';
import type { Event } from '../scheduler/state/event.js';
import { isSilence } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { toFailure } from '../shared/to-failure.js';

const FIRST_PAUSE: Ms = 200;
const MOST_PAUSE: Ms = 5_000;

export interface ObserveOptions {
  readonly containers: Containers;
  readonly clock: Clock;
  readonly log: Log;
  /** The world's version now. */
  readonly version: () => number;
  readonly post: (event: Event) => void;
  /** Something runs: then everything is listed again from time to time, for an event can be lost. At rest nobody asks. */
  readonly isBusy: () => boolean;
  /** From one such list to the next: so long a lost event, or an engine that hangs, may go unnoticed (docs/reliability.md). */
  readonly relist: Ms;
  /** A health check of the engine's own: told past the mailbox, for there is nothing to decide about it. */
  readonly onCheck: (phase: 'started' | 'ended', container: string, exec: string) => void;
  readonly onEngine: (info: EngineInfo | null) => void;
  readonly signal: AbortSignal;
}

/**
 * Keeps watching the engine until the signal: connect, listen, look at everything once, then follow its events. When the
 * engine goes away that is said once, and it is tried again with a pause that grows from 0.2 to 5 s.
 */
export async function observe(options: ObserveOptions): Promise<void> {
  const { log, signal } = options;
  let wait = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      await watch(options, () => {
        wait = FIRST_PAUSE;
      });
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ failure: toFailure(error).message }, 'the engine cannot be watched');
    }
    options.onEngine(null);
    options.post({ kind: 'engineLost' });
    await pause(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(MOST_PAUSE, wait * 2);
  }
}

/** Follows the engine until it ends its events, or does not answer. */
async function watch(options: ObserveOptions, onUp: () => void): Promise<void> {
  const { containers, clock, version, post, onEngine, signal } = options;
  const info = await containers.info();
  // Events from before the look around, so that nothing falls between the two; one seen twice does no harm.
  const since = clock.wall();
  const asOf = version();
  const seen = await containers.list();
  onEngine(info);
  post({ kind: 'observed', containers: seen, asOf });
  onUp();
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  try {
    await Promise.race([follow(options, since, until), lookAgain(options, until)]);
  } finally {
    ending.abort();
  }
}

async function follow({ containers, post, onCheck }: ObserveOptions, since: Ms, until: AbortSignal): Promise<void> {
  for await (const event of containers.events(until, since)) {
    if (until.aborted) return;
    if (event.kind === 'checkStarted') onCheck('started', event.id, event.exec);
    else if (event.kind === 'checkEnded') onCheck('ended', event.id, event.exec);
    else post({ kind: 'engine', event });
  }
}

/** One look at a time. Rejects when the engine does not answer: one that hangs keeps its events open, and says nothing in them. */
async function lookAgain({ containers, version, post, isBusy, relist, log }: ObserveOptions, until: AbortSignal): Promise<void> {
  for (;;) {
    await pause(relist, undefined, { signal: until });
    if (!isBusy()) continue;
    const asOf = version();
    try {
      const seen = await containers.list();
      if (!until.aborted) post({ kind: 'observed', containers: seen, asOf });
    } catch (error) {
      if (isSilence(toFailure(error))) throw error;
      log.warn({ err: error }, 'the containers could not be listed');
    }
  }
}
