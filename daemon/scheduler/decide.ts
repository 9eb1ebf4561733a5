import type { Notice } from '../api/notice.js';
import type { Ms } from '../shared/span.js';
import { foldResumed, foldUsed, useDue } from './activity/idle.js';
import { leaseDue } from './activity/leases.js';
import { foldListens, foldSpoke } from './activity/observed-ports.js';
import { foldScheduled } from './activity/running-hours.js';
import { foldMemoryReported, memoryRequestDue } from './admission/memory-requests.js';
import { queueDeadline } from './admission/queue.js';
import { foldWakeRequested, isBlocked } from './admission/wake-requests.js';
import { foldAction } from './lifecycle/actions.js';
import { foldObserved } from './lifecycle/adoption.js';
import { foldEngineEvent, foldEngineLost } from './lifecycle/engine-events.js';
import { foldResult } from './lifecycle/results.js';
import { foldReclaimed, reclaimDue } from './memory/reclaim.js';
import { foldResized, foldSampled } from './memory/samples.js';
import type { Policy } from './policy/policy.js';
import { accountForUnmatched, reconcile } from './reconcile.js';
import { Draft } from './state/draft.js';
import type { Answer, Event } from './state/event.js';
import { foldRestored } from './state/restore.js';
import type { Step } from './state/step.js';
import type { World } from './state/world.js';

export interface Decision {
  readonly world: World;
  /** To be executed in this order; `persist`, when there, is the first. */
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
  /** To an action; null for every other event. */
  readonly answer: Answer | null;
}

/**
 * The one place where anything is decided. Pure: the same world, event, policy and time give the same decision, and the
 * world given is not changed; a dry run is a decision that is thrown away.
 *   1 fold: the event becomes fact (what is) or intent (what is wanted)
 *   2 reconcile: each service takes its next step from what is to what is wanted, within the budget
 */
export function decide(world: World, event: Event, policy: Policy, now: Ms): Decision {
  const draft = new Draft(world);
  // A new budget is checked against the usual one.
  const isBudget = event.kind === 'action' && event.action.kind === 'budget';
  const answer = fold(draft, event, isBudget ? policy : budgeted(draft, policy), now);
  if (!answer || answer.ok) reconcile(draft, budgeted(draft, policy), now);
  accountForUnmatched(draft);
  const persist: Step[] = draft.intentChanged ? [{ kind: 'persist' }] : [];
  return { world: draft.world(), steps: [...persist, ...draft.steps], notices: draft.notices, answer };
}

function budgeted({ budget }: Pick<World, 'budget'>, policy: Policy): Policy {
  return budget === null ? policy : { ...policy, budget };
}

function fold(draft: Draft, event: Event, policy: Policy, now: Ms): Answer | null {
  switch (event.kind) {
    case 'action':
      return foldAction(draft, event.action, policy, now);
    case 'restored':
      foldRestored(draft, event);
      return null;
    case 'gatewaysChanged':
      draft.setListeners(event.project, { kind: 'due' });
      return null;
    case 'observed':
      foldObserved(draft, event, policy, now);
      return null;
    case 'engine':
      foldEngineEvent(draft, event.event, policy, now);
      return null;
    case 'engineLost':
      foldEngineLost(draft, policy, now);
      return null;
    case 'wakeRequested':
      if (event.seen) {
        foldUsed(draft, event.seen, policy, now);
        foldSampled(draft, event.seen, policy, now);
      }
      foldWakeRequested(draft, event, policy, now);
      return null;
    case 'spoke':
      foldSpoke(draft, event);
      return null;
    case 'listens':
      foldListens(draft, event);
      return null;
    case 'used':
      foldUsed(draft, event, policy, now);
      return null;
    case 'sampled':
      foldSampled(draft, event, policy, now);
      return null;
    case 'resized':
      foldResized(draft, event, now);
      return null;
    case 'memoryReported':
      foldMemoryReported(draft, event, policy, now);
      return null;
    case 'reclaimed':
      foldReclaimed(draft, event);
      return null;
    case 'resumed':
      foldResumed(draft, policy, now);
      return null;
    case 'scheduled':
      foldScheduled(draft, event);
      return null;
    case 'tick':
      return null;
    default:
      foldResult(draft, event, policy, now);
      return null;
  }
}

/** When the next `tick` is due: the earliest deadline in the world; null: nothing waits for time alone. */
export function nextDeadline(world: World, policy: Policy): Ms | null {
  let next: Ms | null = null;
  const consider = (due: Ms | null) => {
    if (due !== null && (next === null || due < next)) next = due;
  };
  for (const entry of world.services.values()) {
    const { wakeRequest } = entry;
    consider(wakeRequest === null ? null : world.engine === 'up' && !isBlocked(entry) ? wakeRequest.askAt : wakeRequest.until);
  }
  consider(leaseDue(world));
  // Without an engine a deadline that is over would only come again and again.
  if (world.engine !== 'up') return next;
  consider(reclaimDue(world, policy));
  for (const entry of world.services.values()) {
    const { state, removeAt } = entry;
    consider(useDue(world, entry));
    consider(memoryRequestDue(entry));
    consider(queueDeadline(world, entry, policy));
    consider(state.kind === 'backoff' || state.kind === 'ended' ? state.until : state.kind === 'stopping' ? state.retryAt : null);
    consider(removeAt);
  }
  for (const { clearAt } of world.projects.values()) consider(clearAt);
  return next;
}
