import type { Bytes } from './bytes.js';
import type { Ms } from './model.js';

/** Memory of the machine at one moment, as the pressure rules read it. */
export interface HostSample {
  /** Monotonic. */
  readonly at: Ms;
  readonly total: Bytes;
  /** What new work can have without swapping (MemAvailable). */
  readonly available: Bytes;
  /** Pressure stall information, in % of the last 10 s: some or all tasks waited for memory. Null: the kernel does not tell. */
  readonly psi: { readonly some10: number; readonly full10: number } | null;
  /** Pages read back from swap since boot; null: the kernel does not count them. */
  readonly swapIn: number | null;
  /** Pages of files that were evicted and had to be read again since boot; null: the kernel does not count them. */
  readonly refaults: number | null;
  /** File cache of a VM of WSL's (Cached and Buffers): what Windows does not get back. Absent: this is none. */
  readonly vmCache?: Bytes;
}
