import { causeOf } from '../../api/notice.js';
import { type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import { type Failure, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { thaw } from '../activity/idle.js';
import { admitsNow, describe } from '../eviction/pressure.js';
import { coolsUntil } from '../policy/cooldown.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import { idOf, isWanted, requestFrom, type ServiceEntry } from '../state/world.js';
import { attempt, type DesiredChange } from './admission.js';
import { applyPlan } from './apply-plan.js';

/** How often a request that finds no room is looked at again, though nothing has happened: what is idle or young now is not for ever. */
const ASK_AGAIN: Ms = 1_000;

const NONE: ReadonlySet<ServiceId> = new Set();

/** A client connects: a sleeping service is to wake, a frozen one to be resumed, a failed one tried again once it has cooled down. */
export function foldWakeRequested(draft: Draft, { id }: Extract<Event, { kind: 'wakeRequested' }>, policy: Policy, now: Ms): void {
  const entry = draft.entry(id);
  if (entry?.desired !== 'up' || entry.wakeRequest !== null) return;
  const { state } = entry;
  if (state.kind === 'running' && state.frozen && isWanted(entry)) return thaw(draft, id, state.container, policy, now);
  if (isUnderWay(entry)) {
    // What is under way goes on when the engine is back; the client is not kept waiting longer than for room.
    if (draft.engine !== 'up' && state.kind !== 'running') draft.patch(id, { wakeRequest: requestFrom(now, policy), refusal: null });
    // The client finds it running: it is not stopped for another in this same decision.
    else if (state.kind === 'running') draft.patch(id, { use: { ...entry.use, lastAt: now } });
    return;
  }
  if (state.kind === 'failed' && coolsUntil(entry.cooldown, policy.cooldown, now) !== null) return;
  draft.patch(id, { wakeRequest: requestFrom(now, policy), refusal: null });
  draft.notice(entry.spec, { kind: 'woken', data: {} });
}

/** It runs, or will by itself. */
function isUnderWay(entry: ServiceEntry): boolean {
  const { kind } = entry.state;
  return isWanted(entry) && kind !== 'completed' && kind !== 'failed';
}

/** Oldest first: a plan for each service that clients wait for. Without room it waits; without a prospect, or after its patience, it is refused. */
export function admitWakeRequests(draft: Draft, policy: Policy, now: Ms): void {
  // Mostly no client waits: one look at all services instead of three, in each decision.
  if (!hasWakeRequests(draft)) return;
  endServed(draft);
  refuseBlocked(draft, policy, now);
  if (!admitsNow(draft.host.pressure.level)) return waitForHost(draft, policy, now);
  const waiting = draft.where(entry => entry.wakeRequest !== null && !isBlocked(entry));
  const refused: [ServiceId, () => Failure][] = [];
  for (const [id, { wakeRequest }] of waiting.sort((a, b) => (a[1].wakeRequest?.since ?? 0) - (b[1].wakeRequest?.since ?? 0))) {
    const entry = draft.entry(id);
    if (entry === undefined || wakeRequest === null) continue;
    if (entry.desired !== 'up' || isUnderWay(entry)) {
      draft.patch(id, { wakeRequest: null });
      continue;
    }
    const change: DesiredChange = { up: neededFor(draft, entry.spec), stops: [], restart: NONE, recreate: NONE, woken: true };
    const plan = attempt(draft.world(), change, policy, now);
    if (typeof plan !== 'function') {
      draft.patch(id, { wakeRequest: null, refusal: null });
      applyPlan(draft, plan, change, policy, now);
    } else if (now >= wakeRequest.until) {
      refused.push([id, plan]);
    } else {
      draft.patch(id, { wakeRequest: { ...wakeRequest, askAt: Math.min(wakeRequest.until, now + ASK_AGAIN) } });
    }
  }
  // After all plans: another one's may have taken it along.
  for (const [id, why] of refused) if (draft.entry(id)?.wakeRequest !== null) refuseWake(draft, id, why());
}

function hasWakeRequests({ services }: Draft): boolean {
  for (const { wakeRequest } of services.values()) if (wakeRequest !== null) return true;
  return false;
}

/** What was under way when a client connected, while the engine was away, runs: nothing is to be planned, and the client is let in. */
function endServed(draft: Draft): void {
  for (const [id, entry] of draft.where(({ wakeRequest, state }) => wakeRequest !== null && state.kind === 'running' && !state.frozen))
    if (isUnderWay(entry)) draft.patch(id, { wakeRequest: null });
}

/** Its present container has to stop, or to go on, before there is anything to plan: an event tells of that, not time. */
export function isBlocked({ state }: ServiceEntry): boolean {
  return state.kind === 'stopping' || state.kind === 'running';
}

/** What blocks a wake has not gone away in time: the request is refused. */
function refuseBlocked(draft: Draft, policy: Policy, now: Ms): void {
  for (const [id, entry] of draft.services) {
    if (entry.wakeRequest === null || now < entry.wakeRequest.until || !isBlocked(entry)) continue;
    const seconds = `${policy.patience / 1000} s`;
    const why =
      entry.state.kind === 'stopping'
        ? `has not stopped within ${seconds}; it starts again after that`
        : `could not be resumed within ${seconds}`;
    refuseWake(draft, id, failure('timeout', `${entry.spec.name} ${why}.`));
  }
}

/** Under pressure no further service is admitted: requests wait, as long as they would for room. */
function waitForHost(draft: Draft, policy: Policy, now: Ms): void {
  for (const [id, entry] of draft.services) {
    const { wakeRequest, spec } = entry;
    if (wakeRequest === null || isBlocked(entry)) continue;
    if (now < wakeRequest.until) draft.patch(id, { wakeRequest: { ...wakeRequest, askAt: Math.min(wakeRequest.until, now + ASK_AGAIN) } });
    else
      refuseWake(
        draft,
        id,
        failure('host-memory', `${spec.name} was not started for ${policy.patience / 1000} s: ${describe(draft.host.pressure)}.`),
      );
  }
}

export function refuseWake(draft: Draft, id: ServiceId, why: Failure): void {
  const entry = draft.entry(id);
  if (!entry) return;
  draft.patch(id, { wakeRequest: null, refusal: why });
  draft.notice(entry.spec, { kind: 'refused', data: { reason: 'wake', cause: causeOf(why) } });
}

/** A service and what it depends on, as far as that is wanted up: what was stopped by the user stays so. */
export function neededFor(draft: Draft, spec: ServiceSpec): ServiceSpec[] {
  const found = new Map<ServiceId, ServiceSpec>();
  const visit = (each: ServiceSpec): void => {
    if (found.has(idOf(each))) return;
    found.set(idOf(each), each);
    for (const on of each.dependsOn) {
      const other = draft.entry(serviceId(each.project, on.service));
      if (other?.desired === 'up') visit(other.spec);
    }
  };
  visit(spec);
  return [...found.values()];
}

/** The refusal of a wake while the engine does not come back. */
export function noEngineInTime(entry: ServiceEntry, policy: Policy): Failure {
  return failure(
    'engine-unavailable',
    `${entry.spec.name} cannot be started: the container engine did not answer for ${policy.patience / 1000} s.`,
  );
}
