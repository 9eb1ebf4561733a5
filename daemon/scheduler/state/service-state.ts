import type { Readiness } from '../../model/readiness.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Cooldown } from '../policy/cooldown.js';

/** How a container ended. `oom`: the kernel killed it at its limit. */
export interface Exit {
  readonly code: number;
  readonly oom: boolean;
}

/** What follows when a container has stopped. */
export type AfterStop =
  | { readonly kind: 'sleep' }
  /** Queue again for this grant (restart, changed definition): other plans leave room for it. */
  | { readonly kind: 'restart'; readonly grant: Bytes }
  | { readonly kind: 'fail'; readonly failure: Failure };

/**
 * The state of one service. What is held (the grant) is part of every state in which memory is or may be used.
 *
 *   asleep ──wanted──▶ queued ──room in the budget──▶ pending ──image, dependencies, a free slot──▶ starting ──ready──▶ running
 *     ▲                  ▲                                                                            │                   │
 *     │                  │                              backoff ◀──────────────crash─────────────────┴───────────────────┤
 *     │                  │                                 ├─ pause over ─▶ pending      └─ too many ─▶ failed             │
 *     └──────────────────┴───────────────────────────── stopping ◀────────────────────── not wanted, or changed ──────────┘
 *   An exit with 0 that is respected ends in completed.
 */
export type ServiceState =
  /** Nothing runs. */
  | { readonly kind: 'asleep'; readonly exit: Exit | null }
  /** Admitted, but what this grant needs is still held by something that is being stopped. */
  | {
      readonly kind: 'queued';
      readonly grant: Bytes;
      readonly since: Ms;
      /** It was put to sleep and is woken: its container is used as it is, without a look for a newer image. */
      readonly reuseContainer: boolean;
    }
  /** The grant is reserved while the image is made and dependencies become ready. */
  | {
      readonly kind: 'pending';
      readonly grant: Bytes;
      readonly image: 'needed' | 'fetching' | 'ready';
      readonly since: Ms;
      readonly reuseContainer: boolean;
    }
  | {
      readonly kind: 'starting';
      readonly grant: Bytes;
      /** Null until the engine has started it. */
      readonly container: string | null;
      readonly since: Ms;
      /** Config hash that it was launched with. */
      readonly hash: string;
      /** It is to be started anew, with this grant, as soon as the engine is done with the launch; null: it is not. */
      readonly next: Bytes | null;
    }
  | {
      readonly kind: 'running';
      readonly grant: Bytes;
      readonly container: string;
      readonly since: Ms;
      readonly health: 'none' | 'healthy' | 'unhealthy';
      readonly readiness: Readiness;
      readonly hash: string;
      readonly frozen: boolean;
      /** Its limit is being changed to this; null: it is not. When it grows, `grant` is the new limit already. */
      readonly resizing: Bytes | null;
    }
  | {
      readonly kind: 'stopping';
      readonly grant: Bytes;
      readonly container: string;
      readonly since: Ms;
      readonly after: AfterStop;
      /** When to try again after the engine failed to stop it; null while a stop is under way. */
      readonly retryAt: Ms | null;
    }
  /**
   * Its container was told to end through the engine, and has: a stop by hand, unless by `until` the engine has started it again (docker restart). The
   * grant stays reserved: the container may run again at any moment. `isStop`: see AskedEnd.
   */
  | { readonly kind: 'ended'; readonly grant: Bytes; readonly until: Ms; readonly exit: Exit; readonly isStop: boolean }
  /** A pause after a crash; the grant stays reserved. */
  | { readonly kind: 'backoff'; readonly grant: Bytes; readonly until: Ms; readonly exit: Exit }
  | { readonly kind: 'completed'; readonly exit: Exit; readonly hash: string }
  /** `logTailDue`: its last log lines are being read, to become part of the failure. `end`: the exit that it failed for, and the limit and the cooldown until then. */
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly since: Ms;
      readonly logTailDue: boolean;
      readonly end?: { readonly exit: Exit; readonly grant: Bytes; readonly cooldown: Cooldown };
    };

/** Bytes that a state keeps out of the budget: the sum of these is G, and G ≤ budget (I2 of docs/design/memory.md, "Invariants"). */
export function held(state: ServiceState): Bytes {
  switch (state.kind) {
    case 'pending':
    case 'starting':
    case 'running':
    case 'backoff':
    case 'ended':
    case 'stopping':
      return state.grant;
    case 'queued':
    case 'asleep':
    case 'completed':
    case 'failed':
      return 0;
    default:
      return unreachable(state);
  }
}

/** The container that runs, or did when last heard of. */
export function liveContainer(state: ServiceState): string | null {
  return 'container' in state ? state.container : null;
}

/** Whether a container of it runs, or is about to. */
export function isActive(state: ServiceState): boolean {
  return state.kind === 'starting' || state.kind === 'running' || state.kind === 'stopping';
}

function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
