import { FailureError } from '../../shared/failure.js';
import { isUnanswered, registryOf, unanswered } from './registry.js';

/** How long a registry that did not answer is taken for unreachable, in ms. */
const FORGET_AFTER = 30_000;

/**
 * Remembers for half a minute which registry did not answer, so that a project of ten images waits for it once, not ten times.
 */
export function registryMemory(now: () => number) {
  const silent = new Map<string, number>();
  return async (reference: string, pull: () => Promise<string>): Promise<string> => {
    const registry = registryOf(reference);
    const since = silent.get(registry);
    if (since !== undefined && now() - since < FORGET_AFTER) {
      const seconds = Math.round((now() - since) / 1000);
      throw new FailureError(unanswered(reference, `timed out ${seconds} s ago; it is asked again after ${FORGET_AFTER / 1000} s`));
    }
    try {
      const value = await pull();
      silent.delete(registry);
      return value;
    } catch (error) {
      if (error instanceof FailureError && isUnanswered(error.failure)) silent.set(registry, now());
      throw error;
    }
  };
}
