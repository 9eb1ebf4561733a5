import { addressFault } from '../../model/addressing.js';
import { dependenciesOf, findCycle } from '../../model/graph.js';
import { type ProjectSpec, type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import { type Failure, failure } from '../../shared/failure.js';
import { nearestName } from '../../shared/nearest.js';
import type { Ms } from '../../shared/span.js';
import { releaseLease, renewLease, takeLease, unpin } from '../activity/leases.js';
import { type DesiredChange, planFor } from '../admission/admission.js';
import { applyPlan } from '../admission/apply-plan.js';
import { setBudget } from '../admission/budget.js';
import { withLearnedMemory } from '../memory/learned.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Action, Answer } from '../state/event.js';
import { startsAwake } from '../state/restore.js';
import { idOf, isWanted } from '../state/world.js';

const NONE: ReadonlySet<ServiceId> = new Set();

type ActionOf<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** Answers an action: refused with the draft as it was, or accepted with the wants set and the grants given. */
export function foldAction(draft: Draft, action: Action, policy: Policy, now: Ms): Answer {
  switch (action.kind) {
    case 'up':
      return up(draft, action, policy, now);
    case 'start':
    case 'restart':
      return start(draft, action, policy, now);
    case 'stop':
      return stop(draft, action, policy, now);
    case 'down':
      return down(draft, action, policy, now);
    case 'lease': {
      const answer = start(draft, { ...action, kind: 'start' }, policy, now);
      if (answer.ok) takeLease(draft, action, now);
      return answer;
    }
    case 'renew':
      return renewLease(draft, action.id, action.ttl, now) ?? nothingElse(draft, policy, now);
    case 'release':
      releaseLease(draft, action.id, now);
      return nothingElse(draft, policy, now);
    case 'unpin': {
      const missing = unknown(action.services, draft.projects.get(action.project)?.spec.services ?? [], action.project);
      if (missing) return { ok: false, failure: missing };
      unpin(draft, action.project, action.services, now);
      return nothingElse(draft, policy, now);
    }
    case 'budget':
      return setBudget(draft, action.bytes, policy, now);
  }
}

/** Nothing starts or stops by it. */
function nothingElse(draft: Draft, policy: Policy, now: Ms): Answer {
  return planFor(draft.world(), { up: [], stops: [], restart: NONE, recreate: NONE, woken: false }, policy, now);
}

function up(draft: Draft, action: ActionOf<'up'>, policy: Policy, now: Ms): Answer {
  const spec = withLearnedMemory(action.spec, draft.learnt);
  const refusal = noEngine(draft) ?? clash(draft, action) ?? cyclic(spec) ?? unknown(action.services ?? [], spec.services, spec.name);
  if (refusal) return { ok: false, failure: refusal };
  const chosen = action.services ?? spec.services.filter(service => service.start !== 'manual').map(service => service.name);
  const names = withDependencies(spec.services, chosen);
  const misplaced = addressFault(spec, names);
  if (misplaced) return { ok: false, failure: misplaced };
  const awake = wakesWith(draft, spec, action.services, chosen);
  const wanted = spec.services.filter(service => awake.has(service.name));
  const sleeps = [...names].filter(name => !awake.has(name)).map(name => serviceId(spec.name, name));
  const unwanted = action.services === null ? others(draft, spec, names) : [];
  // What the named ones depend on is not what --recreate is about: a database stays.
  const recreate = new Set(action.recreate ? chosen.map(name => serviceId(spec.name, name)) : []);
  const change: DesiredChange = { up: wanted, stops: unwanted, restart: NONE, recreate, woken: false };
  const admission = planFor(draft.world(), change, policy, now);
  if (!admission.ok) return admission;
  adopt(draft, spec, names);
  for (const id of unwanted) draft.setDesired(id, 'gone');
  for (const id of sleeps) sleepUntilAsked(draft, id);
  applyPlan(draft, admission.plan, change, policy, now);
  return { ok: true, plan: { ...admission.plan, sleeps } };
}

/** Of the whole profile: what is eager and what that depends on, and what runs already. Of services that are named: all of it. */
export function wakesWith(draft: Draft, spec: ProjectSpec, named: readonly string[] | null, chosen: readonly string[]): Set<string> {
  if (named !== null) return withDependencies(spec.services, named);
  const roots = spec.services.filter(service => {
    const entry = draft.entry(idOf(service));
    return (
      chosen.includes(service.name) && (startsAwake(service) || (entry !== undefined && isWanted(entry) && entry.state.kind !== 'failed'))
    );
  });
  return withDependencies(
    spec.services,
    roots.map(service => service.name),
  );
}

/** Wanted, and asleep until a client connects; an earlier failure is forgotten. */
export function sleepUntilAsked(draft: Draft, id: ServiceId): void {
  draft.setDesired(id, 'up');
  draft.patch(id, { hours: null });
  const entry = draft.entry(id);
  if (entry?.state.kind === 'failed' || entry?.state.kind === 'completed')
    draft.patch(id, { awake: false, refusal: null, state: { kind: 'asleep', exit: null } });
}

/** `start` and `restart` use the definitions that the last `up` left. */
function start(draft: Draft, action: ActionOf<'start' | 'restart'>, policy: Policy, now: Ms): Answer {
  const specs = draft.projects.get(action.project)?.spec.services ?? [];
  const refusal = noEngine(draft) ?? unknown(action.services, specs, action.project);
  if (refusal) return { ok: false, failure: refusal };
  const names = withDependencies(specs, action.services);
  const wanted = specs.filter(spec => names.has(spec.name));
  const restart = new Set<ServiceId>(action.kind === 'restart' ? action.services.map(name => serviceId(action.project, name)) : []);
  const change: DesiredChange = { up: wanted, stops: [], restart, recreate: NONE, woken: false };
  const admission = planFor(draft.world(), change, policy, now);
  if (admission.ok) {
    stay(draft, action.project);
    applyPlan(draft, admission.plan, change, policy, now);
  }
  return admission;
}

/** A project that was being taken down is wanted again, with all its services: those that were forgotten already are known anew. */
function stay(draft: Draft, name: string): void {
  const project = draft.projects.get(name);
  if (!project?.leaving) return;
  draft.projects.set(name, { ...project, leaving: null, listeners: { kind: 'due' }, clearing: isClearing(draft, name), clearAt: null });
  for (const service of project.spec.services) if (!draft.entry(idOf(service))) draft.add(service);
  draft.intentChanged = true;
}

function stop(draft: Draft, action: ActionOf<'stop'>, policy: Policy, now: Ms): Answer {
  const specs = draft.projects.get(action.project)?.spec.services ?? [];
  const refusal = noEngine(draft) ?? unknown(action.services, specs, action.project);
  if (refusal) return { ok: false, failure: refusal };
  return withdraw(
    draft,
    action.services.map(name => serviceId(action.project, name)),
    'down',
    policy,
    now,
  );
}

/** A project that is not known is down already. */
function down(draft: Draft, action: ActionOf<'down'>, policy: Policy, now: Ms): Answer {
  const refusal = noEngine(draft);
  if (refusal) return { ok: false, failure: refusal };
  const project = draft.projects.get(action.project);
  if (project) draft.projects.set(action.project, { ...project, leaving: { volumes: action.volumes } });
  draft.intentChanged = project !== undefined;
  const ids = [...draft.ofProject(action.project)].map(([id]) => id);
  return withdraw(draft, ids, 'gone', policy, now);
}

function withdraw(draft: Draft, ids: readonly ServiceId[], desired: 'down' | 'gone', policy: Policy, now: Ms): Answer {
  const admission = planFor(draft.world(), { up: [], stops: ids, restart: NONE, recreate: NONE, woken: false }, policy, now);
  for (const id of ids) {
    const [project = '', name = ''] = id.split('/');
    unpin(draft, project, [name], now); // a service that is stopped by the user is not to be kept up
  }
  // What is to be gone stops on its way there.
  for (const id of ids) if (desired === 'gone' || draft.entry(id)?.desired === 'up') draft.setDesired(id, desired);
  return admission;
}

/**
 * Definitions of the project as they are from now on. A service that is up and was not asked for keeps the one that it runs
 * with: a changed one was not admitted.
 */
function adopt(draft: Draft, spec: ProjectSpec, names: ReadonlySet<string>): void {
  const services = spec.services.map(service => {
    const entry = draft.entry(idOf(service));
    return entry?.desired === 'up' && !names.has(service.name) ? entry.spec : service;
  });
  draft.projects.set(spec.name, {
    spec: { ...spec, services },
    leaving: null,
    listeners: { kind: 'due' },
    listening: draft.projects.get(spec.name)?.listening ?? false,
    due: null,
    clearing: isClearing(draft, spec.name),
    clearAt: null,
  });
  for (const service of services) {
    const id = idOf(service);
    const entry = draft.entry(id);
    if (!entry) draft.add(service);
    else {
      // Another image or command speaks for itself.
      const anew = entry.spec.configHash === service.configHash ? {} : { spoken: {}, listens: [] };
      draft.patch(id, { spec: service, desired: entry.desired === 'gone' ? 'down' : entry.desired, ...anew });
    }
  }
  draft.intentChanged = true;
}

/** At this moment; one that failed and waits to be given again is not. */
function isClearing(draft: Draft, name: string): boolean {
  const project = draft.projects.get(name);
  return project?.clearing === true && project.clearAt === null;
}

export function withDependencies(specs: readonly ServiceSpec[], names: readonly string[]): Set<string> {
  return new Set(names.flatMap(name => [name, ...dependenciesOf(specs, name)]));
}

/** What runs of the project beyond the names: only the old profile needed it. */
function others(draft: Draft, spec: ProjectSpec, names: ReadonlySet<string>): ServiceId[] {
  return [...draft.ofProject(spec.name)]
    .filter(([, { spec: old, desired, container }]) => {
      const dropped = !spec.services.some(service => service.name === old.name);
      return !names.has(old.name) && (dropped || desired === 'up' || container !== null);
    })
    .map(([id]) => id);
}

function clash(draft: Draft, { spec, moved = false }: ActionOf<'up'>): Failure | null {
  const known = draft.projects.get(spec.name)?.spec;
  if (!known || known.root === '' || known.root === spec.root || moved) return null;
  return failure('name-taken', `A project named ${spec.name} is known already, in ${known.root}; this one is in ${spec.root}.`, {}, [
    `Give this one another name: -p ${spec.name}-2, or name: in its Compose file`,
    `Take the other one down: laptop-dev down -p ${spec.name}`,
  ]);
}

function noEngine(draft: Draft): Failure | null {
  if (draft.engine === 'up') return null;
  const state = draft.engine === 'lost' ? 'has gone away' : 'has not answered yet';
  return failure('engine-unavailable', `The container engine ${state}. Nothing was changed.`);
}

function cyclic(spec: ProjectSpec): Failure | null {
  const cycle = findCycle(spec.services);
  return cycle ? failure('cycle', `Services of ${spec.name} depend on each other: ${cycle.join(' → ')}.`, { cycle }) : null;
}

function unknown(names: readonly string[], specs: readonly ServiceSpec[], project: string): Failure | null {
  const known = specs.map(spec => spec.name);
  const missing = names.filter(name => !known.includes(name));
  if (missing.length === 0) return null;
  const near = missing.map(name => nearestName(name, known)).filter(name => name !== null);
  const hint = near.length > 0 ? ` Did you mean ${near.join(', ')}?` : '';
  return failure('not-found', `${project} has no service ${missing.join(', ')}.${hint}`, { missing, known }, [
    known.length > 0 ? `Its services: ${known.join(', ')}` : 'laptop-dev up starts a project; laptop-dev ps --all shows the known ones',
  ]);
}
