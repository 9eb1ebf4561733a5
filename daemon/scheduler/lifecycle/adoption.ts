import type { ObservedContainer } from '../../model/observed.js';
import { CHECKED } from '../../model/readiness.js';
import { PLAIN_ACTIVATION, type ProjectSpec, type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import { keepSessions } from '../activity/sessions.js';
import { usedFrom } from '../activity/use.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import { liveContainer } from '../state/service-state.js';
import { addressOf } from '../state/wiring.js';
import { isWanted, type ServiceEntry } from '../state/world.js';
import { foldDrift, foldStrangeLimit } from './drift.js';
import { died } from './engine-events.js';
import { admitByHand, removedByHand, startedByHand } from './external-changes.js';
import { isAwaited, isOneShot } from './one-shot.js';

/** What the engine was doing for a daemon that was killed is done by then. */
const EARLIER: Ms = 10_000;

type Observed = Extract<Event, { kind: 'observed' }>;

/**
 * All containers of ours, as they are: what runs is adopted, what runs no more is noted, what nobody knows is taken in by its
 * labels, and of two containers of one service the surplus is discarded. A service that changed after the list was asked for,
 * or at which an executor works, is passed over: its own results are newer.
 */
export function foldObserved(draft: Draft, { containers, asOf }: Observed, policy: Policy, now: Ms): void {
  const wasLost = draft.engine !== 'up';
  // What an earlier daemon has asked for may be done only now.
  if (draft.engine === 'unknown') for (const id of draft.services.keys()) draft.patch(id, { startsLate: now + EARLIER });
  const forgotten = draft.world().forgotten > asOf;
  draft.engine = 'up';
  // Networks may have been made anew with another gateway.
  if (wasLost) for (const name of draft.projects.keys()) draft.setListeners(name, { kind: 'due' });
  const best = new Map<ServiceId, ObservedContainer>();
  for (const container of containers) {
    const id = serviceId(container.project, container.service);
    const entry = draft.entry(id);
    if (entry ? isBusy(entry, asOf) : forgotten) continue;
    const other = best.get(id);
    best.set(id, other ? surplus(draft, entry, other, container) : container);
  }
  for (const [id, container] of best) {
    const known = draft.entry(id);
    // The list may tell of a start before the start's own event does.
    if (known && !wasLost && isLive(container) && liveContainer(known.state) === null) startedByHand(draft, known, now);
    const entry = draft.entry(id) ?? takeIn(draft, id, container);
    if (entry) match(draft, id, entry, container, wasLost, policy, now);
  }
  for (const [id, entry] of draft.services) if (!best.has(id) && !isBusy(entry, asOf)) missing(draft, id, entry, now);
  if (wasLost) beginAnew(draft, now);
}

/** Services that failed for want of an engine are tried again, with those that depend on them; the wait of queued ones begins anew. */
function beginAnew(draft: Draft, now: Ms): void {
  for (const [id, entry] of draft.services) {
    if (!isWanted(entry)) continue;
    if (entry.refusal !== null) draft.patch(id, { refusal: null });
    if (entry.state.kind === 'queued') draft.setState(id, { ...entry.state, since: now });
  }
}

function isBusy({ state, version, removing }: ServiceEntry, asOf: number): boolean {
  return version > asOf || removing || state.kind === 'stopping' || (state.kind === 'starting' && state.container === null);
}

/** Keeps the one that runs, then the one with the present definition; the other goes. */
function surplus(draft: Draft, entry: ServiceEntry | undefined, a: ObservedContainer, b: ObservedContainer): ObservedContainer {
  const worth = (c: ObservedContainer) => (isLive(c) ? 2 : 0) + (c.configHash === entry?.spec.configHash ? 1 : 0);
  const [kept, lost] = worth(b) > worth(a) ? [b, a] : [a, b];
  draft.steps.push({ kind: 'discard', container: lost.id });
  return kept;
}

export function isLive(container: ObservedContainer): boolean {
  return container.status === 'running' || container.status === 'paused' || container.status === 'restarting';
}

function match(draft: Draft, id: ServiceId, entry: ServiceEntry, seen: ObservedContainer, wasLost: boolean, policy: Policy, now: Ms): void {
  const { state } = entry;
  const live = liveContainer(state);
  if (isLive(seen)) {
    if (live === seen.id) {
      if (JSON.stringify(seen.anonymousVolumes) !== JSON.stringify(entry.volumes)) draft.patch(id, { volumes: seen.anonymousVolumes });
      keepSessions(draft, draft.entry(id) ?? entry, seen.sessions, now);
      return foldDrift(draft, id, draft.entry(id) ?? entry, seen, policy);
    }
    if (entry.byHand && live === null) admitByHand(draft, id, seen, policy, now, () => adopt(draft, id, entry, seen, now));
    else adopt(draft, id, entry, seen, now);
    return foldStrangeLimit(draft, id, entry, seen, policy);
  }
  draft.patch(id, { container: seen.id, launchedHash: seen.configHash, stopSignal: seen.stopSignal, volumes: seen.anonymousVolumes });
  if (live === null) {
    const done = seen.status === 'exited' && seen.exitCode === 0 && seen.configHash === entry.spec.configHash;
    // One that this daemon has seen before, and that is wanted though it has ended, went down with the engine.
    const isFinal = entry.container === null ? isOneShot(draft, entry) : isAwaited(draft, entry);
    if (done && state.kind === 'asleep' && isWanted(entry) && !entry.restartRequested && !entry.recreateRequested && isFinal) {
      draft.setState(id, { kind: 'completed', exit: { code: 0, oom: false }, hash: seen.configHash });
    }
  } else if (wasLost) {
    // The engine took it down with itself: no crash. It is started again when it is wanted.
    draft.setState(id, { kind: 'asleep', exit: null });
  } else {
    died(draft, entry, { code: seen.exitCode ?? 1, oom: seen.oomKilled }, policy, now);
  }
}

/** Goes on with a container that runs already: after a restart of the daemon, or when another program started it. */
function adopt(draft: Draft, id: ServiceId, entry: ServiceEntry, seen: ObservedContainer, now: Ms): void {
  const grant = seen.limit > 0 ? seen.limit : seen.memory.maximum;
  const common = { grant, container: seen.id, since: now, hash: seen.configHash };
  if (!entry.byHand) draft.notice(entry.spec, { kind: 'adopted', data: { reason: 'running', limit: grant } });
  // Nothing is idle yet: its use before now is unknown.
  const known = {
    address: addressOf(seen),
    use: usedFrom(entry.use, now),
    awake: entry.desired === 'up',
    request: null,
    madeWith: seen.configHash,
    stopSignal: seen.stopSignal,
    sessions: seen.sessions,
    volumes: seen.anonymousVolumes,
    endsBy: null,
  };
  // A container that was only just started is not ready for that.
  const isReady = !entry.byHand && (seen.health === 'healthy' || seen.health === 'none');
  if (isReady || seen.status === 'paused') {
    draft.patch(id, {
      ...known,
      state: {
        kind: 'running',
        ...common,
        health: seen.health === 'starting' ? 'none' : seen.health,
        readiness: seen.health === 'healthy' ? CHECKED : { kind: 'adopted' },
        frozen: seen.status === 'paused',
        resizing: null,
      },
    });
    return;
  }
  const attempt = entry.attempt + 1;
  draft.patch(id, { ...known, attempt, state: { kind: 'starting', ...common, next: null } });
  draft.steps.push({ kind: 'probe', id, attempt, seen, spec: entry.spec });
}

function missing(draft: Draft, id: ServiceId, entry: ServiceEntry, now: Ms): void {
  const { state } = entry;
  if (state.kind === 'ended') return removedByHand(draft, entry, now);
  const gone = state.kind === 'starting' || state.kind === 'running' || state.kind === 'completed';
  draft.patch(id, { container: null, ...(gone ? { state: { kind: 'asleep', exit: null } } : {}) });
}

/** Known by the labels of its containers alone. */
export function isAdopted(project: ProjectSpec): boolean {
  return project.services.every(service => service.container === null);
}

/** A container of ours whose definition was lost with the state file: kept as it is, from its labels. */
function takeIn(draft: Draft, id: ServiceId, seen: ObservedContainer): ServiceEntry | undefined {
  const spec: ServiceSpec = {
    project: seen.project,
    name: seen.service,
    memory: seen.memory,
    priority: seen.priority,
    start: seen.start,
    idle: null,
    activation: PLAIN_ACTIVATION,
    protocol: 'tcp',
    runtime: null,
    dependsOn: seen.dependsOn.map(service => ({ service, condition: 'started', required: false })),
    restart: { policy: 'on-failure', maxRetries: null },
    startTimeout: 120_000,
    stopTimeout: 10_000,
    container: null,
    configHash: seen.configHash,
  };
  const known = draft.projects.get(seen.project);
  if (!known && seen.status === 'created') {
    // Made for a project that was taken down since, by a daemon that was killed before it could start it.
    draft.steps.push({ kind: 'discard', container: seen.id });
    return undefined;
  }
  const project = known?.spec ?? {
    name: seen.project,
    root: seen.root,
    profile: seen.profile,
    services: [],
    networks: [],
    volumes: [],
    schedule: null,
    outside: [],
    readers: {},
  };
  // A project whose definition is known and does not name the service has lost it: what is left of it goes.
  const lost = known !== undefined && !isAdopted(known.spec);
  if (!lost) {
    draft.projects.set(seen.project, {
      leaving: null,
      listeners: { kind: 'due' },
      listening: false,
      due: null,
      clearing: false,
      clearAt: null,
      ...known,
      spec: { ...project, services: [...project.services, spec] },
    });
    draft.intentChanged = true;
  }
  draft.add(spec, { desired: lost ? 'gone' : isLive(seen) ? 'up' : 'down', awake: !lost && isLive(seen) });
  return draft.entry(id);
}
