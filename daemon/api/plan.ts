import type { ServiceId } from '../model/spec.js';
import type { Failure } from '../shared/failure.js';

/** What would be, or was, decided for an action. */
export interface Plan {
  readonly starts: readonly { readonly id: ServiceId; readonly grant: number; readonly standard: number; readonly recreate: boolean }[];
  readonly keeps: readonly ServiceId[];
  readonly stops: readonly ServiceId[];
  /** They listen, and start when a client connects. */
  readonly sleeps: readonly ServiceId[];
  /** They are put to sleep to make room, and their limits lowered. */
  readonly evicts: readonly ServiceId[];
  readonly shrinks: readonly { readonly id: ServiceId; readonly to: number; readonly frees: number }[];
  readonly budget: number;
  /** Σ grants before, and after when all of it is done. */
  readonly grantedBefore: number;
  readonly grantedAfter: number;
  /** What was done all the same and should be known: it could not be kept for a restart of the daemon. Absent: nothing. */
  readonly warnings?: readonly Failure[];
}
