import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { engineFailure } from './engine-failure.js';

/** Deadlines of engine calls in ms. A stop takes its own timeout on top of `stopGrace`. */
export const DEADLINE = { quick: 10_000, slow: 60_000, stopGrace: 10_000 } as const;

/**
 * Runs one engine call under a deadline. Past it the call is given up with engine-timeout: the outcome is unknown then, the
 * caller inspects (a client gone 5 ms into a start does not stop the start). An engine's refusal becomes its Failure.
 */
export async function within<T>(what: string, limit: Ms, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new FailureError(failure('engine-timeout', `The engine did not answer within ${limit / 1000} s: ${what}`, { what, limit })));
      controller.abort();
    }, limit);
  });
  try {
    return await Promise.race([call(controller.signal), late]);
  } catch (error) {
    throw engineFailure(error, what);
  } finally {
    clearTimeout(timer);
  }
}
