import { causeOf } from '../../api/notice.js';
import { type ProjectSpec, serviceId } from '../../model/spec.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { type DesiredChange, planFor } from '../admission/admission.js';
import { applyPlan } from '../admission/apply-plan.js';
import { sleepUntilAsked, wakesWith, withDependencies } from '../lifecycle/actions.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import { isWanted, type ServiceEntry } from '../state/world.js';
import { whyKept } from './idle.js';

/** Applied as soon as the engine answers; of several ticks until then the last counts. A project that is being removed is left alone. */
export function foldScheduled(draft: Draft, { project, what }: Extract<Event, { kind: 'scheduled' }>): void {
  const known = draft.projects.get(project);
  if (!known || known.leaving) return;
  draft.projects.set(project, { ...known, due: what });
  draft.intentChanged = true;
}

/** Running hours that begin or end; and of those that are over, what nothing holds any more stops. Only while the engine is up. */
export function keepRunningHours(draft: Draft, policy: Policy, now: Ms): void {
  for (const [name, project] of draft.projects) {
    if (project.due === null) continue;
    draft.projects.set(name, { ...project, due: null });
    draft.intentChanged = true;
    if (project.leaving) continue;
    if (project.due === 'up') open(draft, project.spec, policy, now);
    else close(draft, name);
  }
  stopWhatNothingHolds(draft);
}

/**
 * As an `up` of the whole profile with the definitions that the last one left: what is eager starts, what is on-demand sleeps with open
 * listeners. Unlike that it stops nothing: a service that was named by hand stays.
 */
function open(draft: Draft, spec: ProjectSpec, policy: Policy, now: Ms): void {
  const chosen = spec.services.filter(service => service.start !== 'manual').map(service => service.name);
  const awake = wakesWith(draft, spec, null, chosen);
  const up = spec.services.filter(service => awake.has(service.name));
  const change: DesiredChange = { up, stops: [], restart: new Set(), recreate: new Set(), woken: false };
  const admission = planFor(draft.world(), change, policy, now);
  if (!admission.ok) return refused(draft, spec.name, admission.failure);
  draft.projectNotice(spec.name, { kind: 'planned', data: { reason: 'hours-begin' } });
  for (const name of withDependencies(spec.services, chosen)) if (!awake.has(name)) sleepUntilAsked(draft, serviceId(spec.name, name));
  applyPlan(draft, admission.plan, change, policy, now);
}

/** Nothing was changed; `why` tells of it until it is up. */
function refused(draft: Draft, project: string, failure: Failure): void {
  draft.projectNotice(project, { kind: 'refused', data: { reason: 'running-hours', cause: causeOf(failure) } });
  for (const [id, entry] of draft.ofProject(project)) if (entry.hours === 'closed') draft.patch(id, { refusal: failure });
}

function close(draft: Draft, project: string): void {
  let isUp = false;
  for (const [id, entry] of draft.ofProject(project)) {
    if (entry.desired !== 'up') continue;
    isUp = true;
    draft.patch(id, { hours: 'closing' });
  }
  if (isUp) draft.projectNotice(project, { kind: 'stopping', data: { reason: 'hours-end' } });
}

/** Dependants first: what a service needs that stays, stays with it. Looks at the present only, so that whatever lets go will do. */
function stopWhatNothingHolds(draft: Draft): void {
  for (let found = true; found; ) {
    found = false;
    for (const [id, entry] of draft.services) {
      if (entry.hours !== 'closing' || isKept(draft, entry)) continue;
      draft.setDesired(id, 'down');
      draft.patch(id, { hours: 'closed', refusal: null });
      found = true;
    }
  }
}

/** In use: a client waits for it or is served (`holding`), an exec, a lease; or one that stays needs it. Silent connections do not count. */
function isKept(draft: Draft, entry: ServiceEntry): boolean {
  if (entry.wakeRequest !== null) return true;
  if (!isWanted(entry)) return false;
  if (entry.use.moving || whyKept(draft, entry) !== null) return true;
  for (const [, other] of draft.ofProject(entry.spec.project)) {
    const needs = other.spec.dependsOn.some(on => on.service === entry.spec.name);
    if (needs && isWanted(other) && (other.state.kind === 'running' || isOnItsWay(other))) return true;
  }
  return false;
}

function isOnItsWay({ state }: ServiceEntry): boolean {
  return state.kind === 'queued' || state.kind === 'pending' || state.kind === 'starting' || state.kind === 'backoff';
}
