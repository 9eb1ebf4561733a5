import type { Draft } from './draft.js';
import type { Ms, ServiceId } from './model.js';
import type { Policy } from './policy.js';
import { type AfterStop, held, liveContainer } from './service-state.js';
import type { ServiceEntry } from './world.js';

/** Also the way of a restart: the container stops, then the service is queued again. */
export function stopIt(draft: Draft, id: ServiceId, entry: ServiceEntry, after: AfterStop, policy: Policy, now: Ms): void {
  const container = liveContainer(entry.state);
  if (container === null) return;
  draft.setState(id, { kind: 'stopping', grant: held(entry.state), container, since: now, after, retryAt: null });
  draft.steps.push({ kind: 'stop', id, container, timeout: entry.spec.stopTimeout, drain: policy.drain });
}
