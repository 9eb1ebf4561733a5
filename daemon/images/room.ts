import type { ImageProgress, Log } from '../ports.js';
import type { EngineAddress } from './endpoint.js';
import type { Job } from './jobs.js';
import type { knownBuilds } from './known.js';

export type Tell = (progress: ImageProgress) => void;

/** What the two ways to an image share. */
export interface Room {
  readonly engine: EngineAddress;
  readonly log: Log;
  readonly known: ReturnType<typeof knownBuilds>;
  /** Does a job in a child process; at most two at once. */
  run(job: Job, tell: Tell): Promise<string>;
  /** Makes the base of the stack present; one run, however many ask. */
  base(rebuild: boolean, tell: Tell): Promise<void>;
}
