import { canSleep } from '../../model/listeners.js';
import type { ServiceId } from '../../model/spec.js';
import { type Failure, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { planPreemption } from '../eviction/preemption.js';
import { admitsNow, describe } from '../eviction/pressure.js';
import { committed } from '../memory/committed.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { grantedTotal, isWanted, type ServiceEntry, type World } from '../state/world.js';
import { overBudgetFor } from './admission.js';
import { preempt } from './apply-plan.js';
import { refuseWake } from './wake-requests.js';

type Queued = ServiceEntry & { readonly state: { readonly kind: 'queued' } };

/**
 * A queued service was promised room. Where that does not come (a shrink was refused, a victim is used again, an engine
 * returned with more than was planned), there is a new plan for it; without one, it is refused after its patience.
 */
export function replanQueued(draft: Draft, policy: Policy, now: Ms): void {
  if (!admitsNow(draft.host.pressure.level)) return waitForHost(draft, policy, now);
  const queue = queueOf(draft);
  if (queue.length === 0) return;
  let taken = settledTotal(draft);
  for (const [id, entry] of queue) {
    const { standard } = entry.spec.memory;
    if (now >= promisedUntil(draft, entry, policy) && !hasRoomNow(draft, entry, policy)) {
      giveUpOn(draft, id, entry, overBudgetFor(draft.world(), entry.spec, policy, now), now);
      continue;
    }
    const shortfall = taken + standard - policy.budget;
    const freed = shortfall <= 0 ? 0 : roomFrom(draft, id, entry, shortfall, policy, now);
    if (freed !== null) taken += standard - freed;
  }
}

/** When an entry that waits for room or for the host is given up; null: it does not wait for these. */
export function queueDeadline(world: Pick<World, 'services' | 'host'>, entry: ServiceEntry, policy: Policy): Ms | null {
  const { state } = entry;
  if (!isWanted(entry)) return null;
  if (!admitsNow(world.host.pressure.level))
    return state.kind === 'queued' || state.kind === 'pending' ? Math.max(state.since, world.host.pressure.since) + policy.patience : null;
  return state.kind === 'queued' ? promisedUntil(world, entry as Queued, policy) : null;
}

/** Oldest first. */
function queueOf(draft: Draft): [ServiceId, Queued][] {
  const queue = draft.where(entry => entry.state.kind === 'queued' && isWanted(entry)) as [ServiceId, Queued][];
  return queue.sort((a, b) => a[1].state.since - b[1].state.since);
}

/** What all others hold when everything that is decided has been done. */
function settledTotal(draft: Draft): number {
  let sum = 0;
  for (const entry of draft.services.values()) if (entry.state.kind !== 'queued') sum += committed(entry);
  return sum;
}

/** Takes what is short from others; null when no other can give it. */
function roomFrom(draft: Draft, id: ServiceId, entry: Queued, shortfall: number, policy: Policy, now: Ms): number | null {
  const { priority, memory } = entry.spec;
  const relief = planPreemption(shortfall, [{ id, priority }], memoryHoldersOf(draft, now), draft.evictions, policy.relief, now);
  if (relief === null) return null;
  const before = settledTotal(draft);
  const start = { id, grant: memory.standard, standard: memory.standard, recreate: false };
  preempt(draft, { starts: [start], evicts: relief.stops, shrinks: relief.shrinks }, policy, now);
  return before - settledTotal(draft);
}

function hasRoomNow(draft: Draft, { spec, removing }: Queued, policy: Policy): boolean {
  return !removing && grantedTotal(draft.services.values()) + spec.memory.standard <= policy.budget;
}

/** Its patience; a stop that is still within its own time is awaited all the same. */
function promisedUntil(world: Pick<World, 'services'>, { state }: Queued, policy: Policy): Ms {
  let until = state.since + policy.patience;
  for (const { state: other, spec } of world.services.values())
    if (other.kind === 'stopping') until = Math.max(until, other.since + policy.drain + spec.stopTimeout);
  return until;
}

/** What was let in before the host ran short waits as long as a newcomer would. */
function waitForHost(draft: Draft, policy: Policy, now: Ms): void {
  for (const [id, entry] of draft.services) {
    const until = queueDeadline(draft, entry, policy);
    if (until === null || now < until) continue;
    const why = `${entry.spec.name} was not started for ${policy.patience / 1000} s: ${describe(draft.host.pressure)}.`;
    giveUpOn(draft, id, entry, failure('host-memory', why), now);
  }
}

/** One that a connection can wake sleeps on; another has failed, for nothing would start it again. */
function giveUpOn(draft: Draft, id: ServiceId, entry: ServiceEntry, why: Failure, now: Ms): void {
  if (!canSleep(entry.spec)) draft.setState(id, { kind: 'failed', failure: why, since: now, logTailDue: false });
  else draft.patch(id, { awake: false });
  refuseWake(draft, id, why);
}
