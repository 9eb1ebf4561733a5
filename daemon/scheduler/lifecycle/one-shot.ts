import { canSleep } from '../../model/listeners.js';
import type { Draft } from '../state/draft.js';
import type { ServiceEntry } from '../state/world.js';

/** Something waits for its completion: a failed migration must not be tried again and again. */
export function isAwaited(draft: Draft, entry: ServiceEntry): boolean {
  for (const [, other] of draft.ofProject(entry.spec.project)) {
    if (other.spec.dependsOn.some(on => on.service === entry.spec.name && on.condition === 'completed')) return true;
  }
  return false;
}

/**
 * Whether an exit with 0 that nobody has watched is its end: something waits for that, or `restart: no` says so and it is none of those that are
 * stopped to sleep. Otherwise it may as well be a server that the engine stopped on its way out.
 */
export function isOneShot(draft: Draft, entry: ServiceEntry): boolean {
  return isAwaited(draft, entry) || (entry.spec.restart.policy === 'no' && !canSleep(entry.spec));
}
