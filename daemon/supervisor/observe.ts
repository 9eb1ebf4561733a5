import { setTimeout as pause } from 'node:timers/promises';
import type { Event } from '../core/event.js';
import type { Ms } from '../core/model.js';
import type { Clock, Containers, EngineInfo, Log } from '../ports.js';
import { asFailure } from './as-failure.js';

const FIRST_PAUSE: Ms = 200;
const MOST_PAUSE: Ms = 5_000;
/** How long a lost event may go unnoticed (facts/reliability, fault 6). */
const RELIST: Ms = 30_000;

export interface ObserveOptions {
  readonly containers: Containers;
  readonly clock: Clock;
  readonly log: Log;
  /** The world's version now. */
  readonly version: () => number;
  readonly post: (event: Event) => void;
  /** Something runs: then everything is listed again from time to time, for an event can be lost. At rest nobody asks. */
  readonly isBusy: () => boolean;
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
      log.warn({ failure: asFailure(error).message }, 'the engine cannot be watched');
    }
    options.onEngine(null);
    options.post({ kind: 'engineLost' });
    await pause(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(MOST_PAUSE, wait * 2);
  }
}

async function watch({ containers, clock, version, post, onEngine, isBusy, signal }: ObserveOptions, onUp: () => void): Promise<void> {
  const info = await containers.info();
  // Events from before the look around, so that nothing falls between the two; one seen twice does no harm.
  const since = clock.wall();
  const asOf = version();
  const seen = await containers.list();
  onEngine(info);
  post({ kind: 'observed', containers: seen, asOf });
  onUp();
  const relist = setInterval(() => void lookAgain(), RELIST);
  const lookAgain = async (): Promise<void> => {
    if (!isBusy()) return;
    const seenAt = version();
    // A failure here says nothing that the events do not say too.
    const found = await containers.list().catch(() => null);
    if (found) post({ kind: 'observed', containers: found, asOf: seenAt });
  };
  try {
    for await (const event of containers.events(signal, since)) post({ kind: 'engine', event });
  } finally {
    clearInterval(relist);
  }
}
