import type { Ms } from '../../shared/span.js';
import { formatSpan } from '../../shared/span.js';
import type { Rhythm } from './rhythm.js';

/** How a service is used, as far as is known; the daemon asks anew before it stops one for being idle. */
export interface Use {
  /** Connections that wait for it or reach it. */
  readonly connections: number;
  /** An exchange or a transaction is under way: it must not be stopped. */
  readonly holding: boolean;
  /** Bytes flowed through the kernel a moment ago: it is not stopped for another now. */
  readonly moving: boolean;
  /** What the last look found to be under way on connections that the kernel carries, a sentence for `why`; holds until the next look. */
  readonly heldBy: string | null;
  /** Exec sessions. */
  readonly execs: number;
  /** When it was last used: a byte, an exec, work of its CPU; never before it was ready or adopted. */
  readonly lastAt: Ms;
  /** What `lastAt` comes from; null: it was started, or nothing is known. */
  readonly by: UsedBy | null;
  /** What flows again and again on its connections; null: too little has. */
  readonly rhythm: Rhythm | null;
  /** A look at how it is used is under way. */
  readonly checking: boolean;
  /** Not to be looked at before: something keeps it awake that no event will tell of. */
  readonly notBefore: Ms;
}

export type UsedBy =
  /** ns of its CPU in so much time, ms, while no health check of the engine's ran. */
  | { readonly kind: 'cpu'; readonly cpu: number; readonly over: Ms }
  | { readonly kind: 'bytes' }
  /** What held it: an exchange, a transaction, a command in it. */
  | { readonly kind: 'held' };

export const UNUSED: Use = {
  connections: 0,
  holding: false,
  moving: false,
  heldBy: null,
  execs: 0,
  lastAt: 0,
  by: null,
  rhythm: null,
  checking: false,
  notBefore: 0,
};

/** The use of a service that is ready just now. */
export function usedFrom(use: Use, now: Ms): Use {
  return { ...use, heldBy: null, lastAt: now, by: null, rhythm: null, checking: false, notBefore: 0 };
}

/** What keeps a service awake that nothing holds, with figures; null: not known. */
export function usedWords({ by, rhythm, lastAt }: Use, now: Ms): string | null {
  switch (by?.kind) {
    case 'cpu': {
      const [worked, over] = [by.cpu / 1e9, by.over / 1000];
      return `its CPU, ${worked.toFixed(1)} s of work in ${over.toFixed(0)} s (health checks left out)`;
    }
    case 'bytes': {
      if (rhythm === null) return `bytes on its connections, the last ${formatSpan(now - lastAt)} ago`;
      const every = rhythm.every < 1000 ? `${Math.round(rhythm.every)} ms` : `${Math.round(rhythm.every / 1000)} s`;
      const port = rhythm.port === null ? '' : ` on ${rhythm.port}`;
      return `${rhythm.bytes} bytes every ${every}${port}${rhythm.isBeat ? ' (looks like a heartbeat)' : ''}`;
    }
    default:
      return null;
  }
}
