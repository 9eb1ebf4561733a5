import type { ServiceId } from '../../model/spec.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { planPreemption, whyNotEvicted } from '../eviction/preemption.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Answer } from '../state/event.js';
import { grantedTotal } from '../state/world.js';
import { planFor } from './admission.js';
import { preempt } from './apply-plan.js';

const NONE: ReadonlySet<ServiceId> = new Set();

/**
 * Another budget. What is granted beyond it is taken back at once where bursts and idle services give it; else it is refused, and
 * nothing is changed. `bytes` null: the policy's own. The caller has held it against the host's memory.
 */
export function setBudget(draft: Draft, bytes: Bytes | null, policy: Policy, now: Ms): Answer {
  const budget = bytes ?? policy.budget;
  const over = grantedTotal(draft.services.values()) - budget;
  const holdings = memoryHoldersOf(draft, now);
  const relief = over > 0 ? planPreemption(over, [], holdings, draft.evictions, policy.relief, now) : { shrinks: [], stops: [] };
  if (relief === null) {
    const holders = holdings.map(each => ({
      id: each.id,
      grant: each.grant,
      keptBecause: whyNotEvicted(each, [], draft.evictions, policy.relief, now),
    }));
    const message = `${formatBytes(over + budget)} are granted, ${formatBytes(over)} more than ${formatBytes(budget)}, and lowering limits and stopping idle services would not free enough. Nothing was changed.`;
    return {
      ok: false,
      failure: failure('over-budget', message, { budget, granted: over + budget, holders }, [
        'laptop-dev budget shows what holds it; stop a service first',
      ]),
    };
  }
  draft.budget = bytes;
  draft.intentChanged = true;
  preempt(draft, { starts: [], evicts: relief.stops, shrinks: relief.shrinks }, policy, now);
  const answer = planFor(draft.world(), { up: [], stops: [], restart: NONE, recreate: NONE, woken: false }, { ...policy, budget }, now);
  return answer.ok ? { ok: true, plan: { ...answer.plan, evicts: relief.stops, shrinks: relief.shrinks } } : answer;
}
