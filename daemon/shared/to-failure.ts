import { type Failure, FailureError, failure } from './failure.js';

/** What was thrown, as a value: an expected failure as it is, anything else as `internal`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  return failure('internal', error instanceof Error ? error.message : String(error));
}
