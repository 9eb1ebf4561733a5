import type { Bytes } from './bytes.js';
import type { Failure } from './failure.js';
import type { Ms } from './model.js';

/** How a container ended. */
export interface Exit {
  readonly code: number;
  readonly oom: boolean;
}

/**
 * The state of one service. What is held (the grant) is part of every state in which memory is or may be used.
 *
 *   asleep ──wanted──▶ pending ──image, dependencies, a free slot──▶ starting ──ready──▶ running
 *     ▲                   ▲                                             │                  │
 *     │                   └──────── backoff ◀───────crash───────────────┴──────────────────┤
 *     │                                └─ too many ─▶ failed                               │
 *     └────────────────────────────── stopping ◀───────── not wanted, or changed ──────────┘
 *   An exit with 0 that is respected ends in completed.
 */
export type ServiceState =
  /** Nothing runs. `container`: what is left of the last run, for its logs and for `clean`. */
  | { readonly kind: 'asleep'; readonly container: string | null; readonly exit: Exit | null }
  /** Admitted: the grant is reserved while the image is made and dependencies become ready. */
  | { readonly kind: 'pending'; readonly grant: Bytes; readonly image: 'needed' | 'fetching' | 'ready'; readonly since: Ms }
  | { readonly kind: 'starting'; readonly grant: Bytes; readonly container: string | null; readonly since: Ms }
  | {
      readonly kind: 'running';
      readonly grant: Bytes;
      readonly container: string;
      readonly since: Ms;
      readonly health: 'none' | 'healthy' | 'unhealthy';
      readonly hash: string;
      readonly frozen: boolean;
    }
  /** `next`: the grant reserved for the run that follows at once (restart, changed definition); null: none follows. */
  | { readonly kind: 'stopping'; readonly grant: Bytes; readonly container: string; readonly since: Ms; readonly next: Bytes | null }
  | { readonly kind: 'backoff'; readonly grant: Bytes; readonly until: Ms; readonly exit: Exit }
  | { readonly kind: 'completed'; readonly container: string; readonly exit: Exit; readonly hash: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly container: string | null };

/** Bytes that a state keeps out of the budget: the sum of these is G (facts: I2, G ≤ B). */
export function held(state: ServiceState): Bytes {
  switch (state.kind) {
    case 'pending':
    case 'starting':
    case 'running':
    case 'backoff':
      return state.grant;
    case 'stopping':
      return Math.max(state.grant, state.next ?? 0);
    case 'asleep':
    case 'completed':
    case 'failed':
      return 0;
    default:
      return unreachable(state);
  }
}

export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
