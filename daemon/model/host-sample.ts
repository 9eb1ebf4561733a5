import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';

/** Memory of the machine at one moment, as the pressure rules read it. */
export interface HostSample {
  /** Monotonic. */
  readonly at: Ms;
  readonly total: Bytes;
  /** What new work can have without swapping (MemAvailable). */
  readonly available: Bytes;
  /** Pressure stall information, in % of the last 10 s: some or all tasks waited for memory. Null: the kernel does not tell. */
  readonly psi: { readonly some10: number; readonly full10: number } | null;
  /**
   * Grows whenever the kernel looks for memory for the whole host: pages that kswapd has looked at, and times that a task had to look itself
   * (allocstall), since boot. What a container makes the kernel look at within its own limit is in neither; in pgscan_direct it is since
   * Linux 7.1. Absent or null: the kernel does not count them.
   */
  readonly reclaims?: number | null;
  /** Pages read back from swap since boot; null: the kernel does not count them. */
  readonly swapIn: number | null;
  /** Pages of files that were evicted and had to be read again since boot; null: the kernel does not count them. */
  readonly refaults: number | null;
  /** File cache of a VM of WSL's (Cached and Buffers): what Windows does not get back. Absent: this is none. */
  readonly vmCache?: Bytes;
}

export interface Psi {
  readonly some10: number;
  readonly full10: number;
}
