import type { ImageProgress } from '../model/image-progress.js';
import type { BuildSpec } from '../model/spec.js';
import type { Failure } from '../shared/failure.js';

/** Before the name in the answer of a build that something else has to come before. */
export const NEEDS = 'needs ';

/** What the child process is asked to do; one job for one process. Sent as JSON, so nothing but plain values. */
export type ImageJob =
  | { readonly kind: 'pull'; readonly reference: string; readonly platform: string | null }
  | { readonly kind: 'base'; readonly rebuild: boolean }
  | {
      readonly kind: 'build';
      readonly reference: string;
      readonly build: BuildSpec;
      readonly platform: string | null;
      readonly rebuild: boolean;
      /** Images that have to be there first, built by others; the answer `needs NAME` asks for one. Full references (model/image-builds). */
      readonly built: readonly string[];
    }
  /** One more name for an image. */
  | { readonly kind: 'tag'; readonly imageId: string; readonly reference: string }
  /** The scan of a context that is too big for the daemon's own thread. */
  | { readonly kind: 'quick-hash'; readonly reference: string; readonly build: BuildSpec; readonly platform: string | null };

export interface Order {
  readonly endpoint: string;
  readonly job: ImageJob;
}

/** What the child answers: progress lines, however many, then one result or one failure. */
export type JobAnswer =
  | { readonly kind: 'progress'; readonly progress: ImageProgress }
  | { readonly kind: 'done'; readonly value: string }
  | { readonly kind: 'failed'; readonly failure: Failure };
