import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { type AfterStop, held, liveContainer } from '../state/service-state.js';
import type { ServiceEntry } from '../state/world.js';

/**
 * Its container had ended and was started again by another program: it runs with the grant that is kept for it, though its state was not looked
 * up yet. The grant must not be given to another service now: it would be given twice.
 */
export function runsByHand({ state, byHand, container }: ServiceEntry): boolean {
  return byHand && container !== null && (state.kind === 'ended' || state.kind === 'backoff');
}

/** Also the way of a restart: the container stops, then the service is queued again. */
export function stopIt(draft: Draft, id: ServiceId, entry: ServiceEntry, after: AfterStop, policy: Policy, now: Ms): void {
  const container = liveContainer(entry.state) ?? (runsByHand(entry) ? entry.container : null);
  if (container === null) return;
  draft.patch(id, { byHand: false });
  draft.setState(id, { kind: 'stopping', grant: held(entry.state), container, since: now, after, retryAt: null });
  draft.steps.push({ kind: 'stop', id, container, timeout: entry.spec.stopTimeout, drain: policy.drain });
}
