import type { Ms } from './model.js';

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
  /** A look at how it is used is under way. */
  readonly checking: boolean;
  /** Not to be looked at before: something keeps it awake that no event will tell of. */
  readonly notBefore: Ms;
}

export const UNUSED: Use = {
  connections: 0,
  holding: false,
  moving: false,
  heldBy: null,
  execs: 0,
  lastAt: 0,
  checking: false,
  notBefore: 0,
};

/** The use of a service that is ready just now. */
export function usedFrom(use: Use, now: Ms): Use {
  return { ...use, heldBy: null, lastAt: now, checking: false, notBefore: 0 };
}
