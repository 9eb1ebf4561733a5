import type { ImageProgress } from '../model/image-progress.js';
import type { ImageRequest, Log } from '../ports/ports.js';
import type { EngineAddress } from './endpoint.js';
import type { ImageJob } from './jobs.js';
import type { knownBuilds } from './known-builds.js';

export type ReportProgress = (progress: ImageProgress) => void;

/** What the two ways to an image share. */
export interface ImageContext {
  readonly engine: EngineAddress;
  readonly log: Log;
  readonly known: ReturnType<typeof knownBuilds>;
  /** Does a job in a child process; at most two at once. */
  run(job: ImageJob, report: ReportProgress): Promise<string>;
  /** Makes the base of the stack present; one run, however many ask. */
  base(rebuild: boolean, report: ReportProgress): Promise<void>;
  /** Makes an image of the project current that `of` is built upon. */
  first(of: ImageRequest, reference: string, report: ReportProgress): Promise<void>;
  /** One at a time for a definition, by its quick hash. `known`: the image that was built from it by this daemon; null: none was. */
  alone(quick: string, build: (known: string | null) => Promise<string>): Promise<string>;
}
