import { canSleep } from '../model/listeners.js';
import type { ProjectSpec, ServiceId, ServiceSpec } from '../model/spec.js';
import type { Ms } from '../shared/span.js';
import { checkUseWhereDue } from './activity/idle.js';
import { expireLeases } from './activity/leases.js';
import { keepRunningHours } from './activity/running-hours.js';
import { admitMemoryRequests } from './admission/memory-requests.js';
import { replanQueued } from './admission/queue.js';
import { admitWakeRequests, noEngineInTime, refuseWake } from './admission/wake-requests.js';
import { admitsNow } from './eviction/pressure.js';
import { advanceAll } from './lifecycle/advance.js';
import { afterEnd } from './lifecycle/external-changes.js';
import { isOutdated, listenersWaitForLeaving } from './lifecycle/leaving.js';
import { runsByHand, stopIt } from './lifecycle/stop.js';
import { reclaimWhereDue } from './memory/reclaim.js';
import type { Policy } from './policy/policy.js';
import type { Draft } from './state/draft.js';
import { requestsOwnMemory } from './state/memory-report.js';
import { isActive } from './state/service-state.js';
import { NO_LISTENERS } from './state/wiring.js';
import { grantedTotal, idOf, isWanted, type ServiceEntry } from './state/world.js';

/**
 * Takes each service the next step from what it is to what is wanted of it. Level-triggered: it looks at the state only, so
 * an event that was missed, or came twice, does no harm. INVARIANTS: a grant is reserved (queued → pending) only when
 * Σ held + grant ≤ budget; nothing is started while the engine is not known to be up; a step is given once for a state.
 */
export function reconcile(draft: Draft, policy: Policy, now: Ms): void {
  expireLeases(draft, now);
  if (draft.engine === 'up') {
    keepRunningHours(draft, policy, now);
    checkUseWhereDue(draft, now);
    admitWakeRequests(draft, policy, now);
    replanQueued(draft, policy, now);
    admitMemoryRequests(draft, policy, now);
  }
  for (const [id, entry] of draft.services) if (!isWanted(entry)) release(draft, id, entry, policy, now);
  forget(draft, now);
  // A client that connects while the engine is away waits at an open listener, and is told why in the end.
  if (draft.engine !== 'unknown') openListeners(draft);
  if (draft.engine !== 'up') return failWaitingWakes(draft, policy, now);
  stopAgain(draft, now);
  for (const [id, entry] of draft.services) if (isWanted(entry)) refresh(draft, id, entry, policy, now);
  admitQueued(draft, policy, now);
  advanceAll(draft, policy, now);
  clear(draft, now);
  reclaimWhereDue(draft, policy, now);
}

/** While the engine is gone, wake requests are refused after their patience. */
function failWaitingWakes(draft: Draft, policy: Policy, now: Ms): void {
  for (const [id, entry] of draft.services) {
    if (entry.wakeRequest !== null && now >= entry.wakeRequest.until) refuseWake(draft, id, noEngineInTime(entry, policy));
  }
}

function openListeners(draft: Draft): void {
  for (const [name, project] of draft.projects) {
    if (project.listeners.kind !== 'due') continue;
    const sleepers = project.leaving === null && project.spec.services.some(canSleep);
    // A container that is about to stop may hold one of their ports.
    if (sleepers && draft.engine === 'up' && listenersWaitForLeaving(draft, upAndAsleep(draft, project.spec))) continue;
    if (!sleepers && !project.listening) {
      draft.setListeners(name, NO_LISTENERS);
      continue;
    }
    draft.projects.set(name, { ...project, listening: sleepers, listeners: { kind: 'opening', serial: draft.version } });
    draft.steps.push({ kind: 'openListeners', project: name, serial: draft.version });
  }
}

function upAndAsleep(draft: Draft, { services }: ProjectSpec): ServiceSpec[] {
  return services.filter(spec => canSleep(spec) && draft.entry(idOf(spec))?.desired === 'up');
}

/**
 * Containers that were made, started or ended and that no launch under way can account for: another program started one, or a
 * daemon was killed while the engine was making or starting it. Look at everything.
 */
export function accountForUnmatched(draft: Draft): void {
  if (draft.unmatched.size === 0) return;
  for (const { state } of draft.services.values()) if (state.kind === 'starting' && state.container === null) return;
  if ([...draft.unmatched.values()].some(({ exitCode }) => exitCode === null)) draft.steps.push({ kind: 'list' });
  draft.unmatched.clear();
}

/** Not wanted: what runs is stopped, after what depends on it; what only waits is dropped. A launch under way is awaited. */
function release(draft: Draft, id: ServiceId, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state } = entry;
  switch (state.kind) {
    case 'queued':
    case 'pending':
      return draft.setState(id, { kind: 'asleep', exit: null });
    case 'backoff':
    case 'ended':
      if (!runsByHand(entry)) return draft.setState(id, { kind: 'asleep', exit: state.exit });
      if (draft.engine === 'up') stopIt(draft, id, entry, { kind: 'sleep' }, policy, now);
      return;
    case 'completed':
      return draft.setState(id, { kind: 'asleep', exit: state.exit });
    case 'failed':
      if (entry.desired === 'gone') draft.setState(id, { kind: 'asleep', exit: null });
      return;
    case 'starting':
    case 'running':
      if (isUsedAgain(entry)) return draft.patch(id, { awake: true, wakeRequest: null });
      if (draft.engine !== 'up' || state.container === null || hasLeavingDependants(draft, entry)) return;
      stopIt(draft, id, entry, { kind: 'sleep' }, policy, now);
      return draft.notice(entry.spec, { kind: 'stopping', data: { reason: 'not-wanted' } });
    case 'stopping':
      if (state.after.kind === 'restart') draft.setState(id, { ...state, after: { kind: 'sleep' } });
      return;
    case 'asleep':
      return;
  }
}

/** It was to sleep, and came into use again while it waited for its dependants or the engine. */
function isUsedAgain({ desired, state, use, sessions }: ServiceEntry): boolean {
  return desired === 'up' && state.kind === 'running' && !state.frozen && (use.holding || use.execs > 0 || sessions.length > 0);
}

/** A stop that the engine could not do is given again when its pause is over. */
function stopAgain(draft: Draft, now: Ms): void {
  for (const [id, { state, spec }] of draft.services) {
    if (state.kind !== 'stopping' || state.retryAt === null || now < state.retryAt) continue;
    draft.setState(id, { ...state, retryAt: null });
    draft.steps.push({ kind: 'stop', id, container: state.container, timeout: spec.stopTimeout, drain: 0 });
  }
}

function hasLeavingDependants(draft: Draft, entry: ServiceEntry): boolean {
  for (const [, other] of draft.ofProject(entry.spec.project)) {
    if (isWanted(other) || !isActive(other.state)) continue;
    if (other.spec.dependsOn.some(on => on.service === entry.spec.name)) return true;
  }
  return false;
}

/** Gone is gone: the container is removed, and then the service is forgotten unless its project still names it. */
function forget(draft: Draft, now: Ms): void {
  for (const [id, entry] of draft.services) {
    // Wanted again while a failed removal waited its turn.
    if (entry.desired !== 'gone' && entry.removeAt !== null) draft.patch(id, { removing: false, removeAt: null });
    if (entry.desired !== 'gone' || entry.state.kind !== 'asleep' || isUnderWay(entry.removing, entry.removeAt, now)) continue;
    const project = draft.projects.get(entry.spec.project);
    if (entry.container !== null) {
      if (draft.engine !== 'up') continue;
      draft.patch(id, { removing: true, removeAt: null });
      draft.steps.push({ kind: 'remove', id, container: entry.container, anonymousVolumes: project?.leaving?.volumes ?? false });
    } else if (!project || project.leaving || !project.spec.services.some(service => service.name === entry.spec.name)) {
      draft.forget(id);
    } else {
      draft.setDesired(id, 'down');
    }
  }
}

/** Wanted, but asleep (a launch that was overtaken by a stop), over its pause, or running an old definition. */
function refresh(draft: Draft, id: ServiceId, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state, spec } = entry;
  if (state.kind === 'asleep') {
    draft.patch(id, {
      attempt: entry.attempt + 1,
      state: {
        kind: 'queued',
        grant: requestsOwnMemory(spec) ? spec.memory.standard : spec.memory.maximum,
        since: now,
        reuseContainer: false,
      },
    });
  } else if (state.kind === 'ended') {
    afterEnd(draft, entry, policy, now);
  } else if (state.kind === 'backoff' && now >= state.until) {
    draft.patch(id, {
      attempt: entry.attempt + 1,
      state: { kind: 'pending', grant: state.grant, image: 'ready', since: now, reuseContainer: true },
    });
  } else if ((state.kind === 'running' || state.kind === 'starting') && isOutdated(entry)) {
    const wanted = state.kind === 'starting' ? (state.next ?? state.grant) : state.grant;
    const grant = Math.min(spec.memory.maximum, Math.max(spec.memory.standard, wanted));
    stopIt(draft, id, entry, { kind: 'restart', grant }, policy, now);
    draft.notice(spec, { kind: 'stopping', data: { reason: 'definition-changed' } });
  }
}

/**
 * queued → pending, oldest first, as far as the grants fit. One that does not fit does not hold up those behind it: they were
 * admitted, while it may be back without a plan (an engine that returned).
 */
function admitQueued(draft: Draft, policy: Policy, now: Ms): void {
  if (!admitsNow(draft.host.pressure.level)) return;
  let total = grantedTotal(draft.services.values());
  const queue = draft.where(entry => entry.state.kind === 'queued' && isWanted(entry) && !entry.removing);
  const since = (entry: ServiceEntry) => (entry.state.kind === 'queued' ? entry.state.since : 0);
  let behind = queue.reduce((sum, [, entry]) => sum + entry.spec.memory.standard, 0);
  for (const [id, entry] of queue.sort((a, b) => since(a[1]) - since(b[1]))) {
    const { standard } = entry.spec.memory;
    behind -= standard;
    if (entry.state.kind !== 'queued' || draft.projects.get(entry.spec.project)?.clearing) continue;
    // The standard of those behind comes before a burst of this one.
    const grant = Math.min(entry.state.grant, Math.max(standard, policy.budget - total - behind));
    if (total + grant > policy.budget) continue;
    total += grant;
    const { reuseContainer } = entry.state;
    draft.setState(id, { kind: 'pending', grant, image: reuseContainer ? 'ready' : 'needed', since: now, reuseContainer });
  }
}

/** Begun, and not to be given again yet. */
function isUnderWay(begun: boolean, again: Ms | null, now: Ms): boolean {
  return begun && (again === null || now < again);
}

/** A project that leaves and has no service any more: its networks go, and its volumes when that was asked. */
function clear(draft: Draft, now: Ms): void {
  for (const [name, project] of draft.projects) {
    if (!project.leaving || isUnderWay(project.clearing, project.clearAt, now) || [...draft.ofProject(name)].length > 0) continue;
    draft.projects.set(name, { ...project, clearing: true, clearAt: null });
    draft.steps.push({ kind: 'clearProject', project: name, spec: project.spec, volumes: project.leaving.volumes });
  }
}
