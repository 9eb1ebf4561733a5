import type { RestoredProject } from './event.js';

/** What the user wants; the engine's labels are the truth about what is. */
export interface Intent {
  readonly version: 1;
  readonly projects: readonly RestoredProject[];
  /** Content hashes that the user has trusted. */
  readonly trusted: readonly string[];
}
