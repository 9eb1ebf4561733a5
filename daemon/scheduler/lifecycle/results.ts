import { causeOf } from '../../api/notice.js';
import { canSleep } from '../../model/listeners.js';
import { healthOf, readyWord } from '../../model/readiness.js';
import { type Failure, isSilence } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { foldFrozenChanged, foldUseChecked } from '../activity/idle.js';
import { portsObserved, protocolObserved } from '../activity/observed-ports.js';
import { restartSharers } from '../activity/shared-namespaces.js';
import { usedFrom } from '../activity/use.js';
import { reclaimLater } from '../memory/reclaim.js';
import { afterFailure, afterHealthy, afterRest } from '../policy/cooldown.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import { held, liveContainer } from '../state/service-state.js';
import { addressOf } from '../state/wiring.js';
import { idOf, isWanted, type ServiceEntry } from '../state/world.js';
import { died } from './engine-events.js';
import { exitOf } from './exits.js';
import { stopIt } from './stop.js';

/** Pause before a failed stop or removal is tried again. */
const RETRY: Ms = 5_000;
/** The engine may still execute a start to which it gave no answer for this long. */
const LATE: Ms = 60_000;
/** Characters of a container's last log line that a notice quotes. */
const LONGEST_WORDS = 200;

type ResultKind =
  | 'imageReady'
  | 'launched'
  | 'gatewaysMissing'
  | 'ready'
  | 'startFailed'
  | 'stopped'
  | 'stopFailed'
  | 'removed'
  | 'removeFailed'
  | 'logTail'
  | 'useChecked'
  | 'frozenChanged'
  | 'listenersOpened'
  | 'projectCleared';
type Result = Extract<Event, { kind: ResultKind }>;
type ResultOf<K extends ResultKind> = Extract<Event, { kind: K }>;

/** What became of a step. A result of a start that was given up since changes nothing. */
export function foldResult(draft: Draft, event: Result, policy: Policy, now: Ms): void {
  if (event.kind === 'projectCleared') return cleared(draft, event, now);
  if (event.kind === 'listenersOpened') return listenersOpened(draft, event, now);
  const entry = draft.entry(event.id);
  if (!entry) return;
  switch (event.kind) {
    case 'imageReady':
      if (event.attempt === entry.attempt && entry.state.kind === 'pending') draft.setState(event.id, { ...entry.state, image: 'ready' });
      return;
    case 'launched':
      return launched(draft, entry, event, policy, now);
    case 'gatewaysMissing':
      return relaunchWithListeners(draft, entry, event, now);
    case 'ready':
      return ready(draft, entry, event, now);
    case 'startFailed':
      return startFailed(draft, entry, event, policy, now);
    case 'stopped':
      return stopped(draft, entry, event, policy, now);
    case 'stopFailed':
      return stopFailed(draft, entry, event, now);
    case 'removed':
      return removed(draft, entry);
    case 'removeFailed':
      return removeFailed(draft, entry, event, now);
    case 'useChecked':
      return foldUseChecked(draft, event, policy, now);
    case 'frozenChanged':
      return foldFrozenChanged(draft, entry, event, now);
    case 'logTail':
      return logTail(draft, entry, event);
  }
}

function launched(draft: Draft, entry: ServiceEntry, event: ResultOf<'launched'>, policy: Policy, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'starting' || state.container !== null || event.attempt !== entry.attempt) return;
  const { container } = event;
  draft.patch(event.id, {
    state: { ...state, container: container.id },
    address: addressOf(container),
    launchedHash: state.hash,
    stopSignal: container.stopSignal,
    volumes: container.anonymousVolumes,
    memoryReport: null,
    memoryRequest: null,
  });
  portsObserved(draft, draft.entry(event.id) ?? entry, [...entry.listens, ...container.exposed]);
  if (state.next === null && (entry.restartRequested || entry.recreateRequested)) {
    draft.patch(event.id, { restartRequested: false, recreateRequested: false });
    draft.intentChanged = true;
  }
  if (entry.launchedHash === state.hash) tellLostVolumes(draft, entry, event.madeVolumes ?? []);
  draft.notice(entry.spec, { kind: 'started', data: { reason: 'launched', limit: state.grant } });
  restartSharers(draft, entry, container.id, policy, now);
  const seen = draft.unmatched.get(container.id);
  draft.unmatched.delete(container.id);
  if (seen?.oom) draft.patch(event.id, { ooms: 1, oomAt: now, oomLimit: state.grant });
  const started = draft.entry(event.id) ?? entry;
  const hasEnded = container.status === 'exited' || container.status === 'dead';
  const exitCode = seen?.exitCode ?? (hasEnded ? (container.exitCode ?? 1) : null);
  if (exitCode !== null) {
    const exit = exitOf(started, exitCode, now);
    return died(draft, started, { ...exit, oom: exit.oom || (hasEnded && container.oomKilled) }, policy, now);
  }
  draft.steps.push({ kind: 'probe', id: event.id, attempt: entry.attempt, seen: container, spec: entry.spec });
}

/** It had run with the same definition before, so the volumes were there: they were removed past the daemon, and their content is lost. */
function tellLostVolumes(draft: Draft, { spec }: ServiceEntry, volumes: readonly string[]): void {
  for (const name of volumes) draft.notice(spec, { kind: 'removed', data: { reason: 'volume-lost', volume: name } });
}

/** Its listeners are opened where the networks are now, and it is launched again. */
function relaunchWithListeners(draft: Draft, entry: ServiceEntry, event: ResultOf<'gatewaysMissing'>, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'starting' || state.container !== null || event.attempt !== entry.attempt) return;
  draft.setListeners(entry.spec.project, { kind: 'due' });
  const again = { kind: 'pending', grant: state.next ?? state.grant, image: 'ready', since: now, reuseContainer: false } as const;
  draft.patch(event.id, { attempt: entry.attempt + 1, state: again });
}

function ready(draft: Draft, entry: ServiceEntry, event: ResultOf<'ready'>, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'starting' || state.container === null || event.attempt !== entry.attempt) return;
  const { grant, container, hash } = state;
  const { readiness } = event;
  draft.patch(event.id, {
    use: usedFrom(entry.use, now),
    refusal: null,
    cooldown: afterHealthy(entry.cooldown, now),
    state: { kind: 'running', grant, container, since: now, health: healthOf(readiness), readiness, hash, frozen: false, resizing: null },
    samples: [],
  });
  if (readiness.kind === 'answered')
    for (const { port, protocol } of readiness.ports) if (protocol !== null) protocolObserved(draft, entry, port, protocol);
  const after = now - state.since;
  const silent = readiness.kind === 'answered' ? readiness.silent : [];
  if (readyWord(readiness) === 'probed') draft.notice(entry.spec, { kind: 'ready', data: { reason: 'probed', after, silent } });
  else draft.notice(entry.spec, { kind: 'running', data: { after, readiness } });
}

function startFailed(draft: Draft, entry: ServiceEntry, event: ResultOf<'startFailed'>, policy: Policy, now: Ms): void {
  const { state } = entry;
  if (event.attempt !== entry.attempt || (state.kind !== 'starting' && state.kind !== 'pending')) return;
  if (isSilence(event.failure)) draft.patch(event.id, { startsLate: now + LATE });
  if (event.failure.code === 'engine-unavailable') {
    // Not the service's fault: it goes on when the engine is back. What may run meanwhile keeps its grant until it has stopped.
    if (event.running && state.kind === 'starting' && state.container !== null)
      return stopIt(draft, event.id, entry, { kind: 'restart', grant: state.next ?? state.grant }, policy, now);
    draft.patch(event.id, { attempt: entry.attempt + 1, state: { kind: 'queued', grant: state.grant, since: now, reuseContainer: false } });
    return;
  }
  if (event.failure.code === 'image-missing' && state.kind === 'starting' && entry.launchedHash !== null) {
    // Its container was to be reused, and was removed together with its image.
    const state = { kind: 'pending', grant: held(entry.state), image: 'needed', since: now, reuseContainer: false } as const;
    return draft.patch(event.id, { attempt: entry.attempt + 1, launchedHash: null, state });
  }
  draft.patch(event.id, { cooldown: afterFailure(entry.cooldown, policy.cooldown, now) });
  draft.notice(entry.spec, { kind: 'failed', data: { reason: 'failure', cause: causeOf(event.failure) } });
  const container = event.container ?? liveContainer(state);
  if (event.running && container !== null) {
    const after = { kind: 'fail', failure: event.failure } as const;
    draft.setState(event.id, { kind: 'stopping', grant: state.grant, container, since: now, after, retryAt: null });
    draft.steps.push({ kind: 'stop', id: event.id, container, timeout: entry.spec.stopTimeout, drain: 0 });
    return;
  }
  const failed = { kind: 'failed', failure: event.failure, since: now, logTailDue: false } as const;
  draft.patch(event.id, { state: failed, container: container ?? entry.container });
}

function stopped(draft: Draft, entry: ServiceEntry, event: ResultOf<'stopped'>, policy: Policy, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'stopping' || state.container !== event.container) return;
  draft.openAllMissing();
  draft.patch(event.id, { ooms: 0, oomAt: null, endsBy: null, sessions: [], cooldown: afterRest(entry.cooldown, policy.cooldown, now) });
  if (state.after.kind === 'restart' && isWanted(entry)) {
    draft.patch(event.id, {
      attempt: entry.attempt + 1,
      state: { kind: 'queued', grant: state.after.grant, since: now, reuseContainer: false },
    });
  } else if (state.after.kind === 'fail') {
    draft.setState(event.id, { kind: 'failed', failure: state.after.failure, since: now, logTailDue: true });
    draft.steps.push({ kind: 'readLogTail', id: event.id, container: event.container });
  } else {
    draft.setState(event.id, { kind: 'asleep', exit: event.exit });
    draft.notice(entry.spec, { kind: 'stopped', data: { reason: 'stopped', frees: state.grant } });
    if (entry.desired === 'up') reclaimLater(draft, policy);
  }
}

/** It still runs, or the engine cannot say: the grant stays held, and it is tried again. */
function stopFailed(draft: Draft, entry: ServiceEntry, event: ResultOf<'stopFailed'>, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'stopping' || state.container !== event.container) return;
  draft.setState(event.id, { ...state, retryAt: now + RETRY });
  draft.notice(entry.spec, { kind: 'stopping', data: { reason: 'stop-failed', cause: causeOf(event.failure) } });
}

function removed(draft: Draft, entry: ServiceEntry): void {
  draft.patch(idOf(entry.spec), { removing: false, removeAt: null, container: null });
  draft.notice(entry.spec, { kind: 'removed', data: { reason: 'container' } });
}

/** The engine did not answer: again later. It refused: a further try would end the same, and no client is kept waiting. */
function removeFailed(draft: Draft, entry: ServiceEntry, { failure: value }: ResultOf<'removeFailed'>, now: Ms): void {
  const id = idOf(entry.spec);
  if (isSilence(value)) {
    draft.patch(id, { removeAt: now + RETRY });
    return draft.notice(entry.spec, { kind: 'stopping', data: { reason: 'removal-failed', cause: causeOf(value) } });
  }
  draft.patch(id, { removing: false, removeAt: null, container: null });
  draft.notice(entry.spec, { kind: 'removed', data: { reason: 'refused', cause: causeOf(value) } });
}

function logTail(draft: Draft, entry: ServiceEntry, event: ResultOf<'logTail'>): void {
  const { state } = entry;
  if (state.kind !== 'failed' || !state.logTailDue) return;
  const lines = entry.container === event.container ? event.lines : [];
  const found = lines.length > 0 ? withLastLines(state.failure, lines) : state.failure;
  draft.setState(event.id, { ...state, failure: found, logTailDue: false });
  const last = lines.at(-1);
  if (last !== undefined) draft.notice(entry.spec, { kind: 'failed', data: { reason: 'log-tail', line: plain(last) } });
}

function withLastLines<F extends Failure>(value: F, lastLines: readonly string[]): F {
  return { ...value, details: { ...value.details, lastLines } };
}

/** Without the bytes that steer a terminal: what a container writes is not ours to trust. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '').slice(0, LONGEST_WORDS);
}

function cleared(draft: Draft, event: ResultOf<'projectCleared'>, now: Ms): void {
  const project = draft.projects.get(event.project);
  if (!project) return;
  if (project.leaving && event.failure && isSilence(event.failure)) {
    draft.projects.set(event.project, { ...project, clearAt: now + RETRY });
    return;
  }
  if (event.failure)
    draft.projectNotice(event.project, { kind: 'removed', data: { reason: 'project-not-cleared', cause: causeOf(event.failure) } });
  // What it listened for may be another one's now.
  draft.openAllMissing();
  if (project.leaving) draft.projects.delete(event.project);
  else draft.projects.set(event.project, { ...project, clearing: false, clearAt: null });
  draft.intentChanged = true;
}

/** Ports that could not be opened fail their service; it is tried again when it is asked for. */
function listenersOpened(draft: Draft, event: ResultOf<'listenersOpened'>, now: Ms): void {
  const listeners = draft.projects.get(event.project)?.listeners;
  if (listeners?.kind !== 'opening' || listeners.serial !== event.serial) return;
  const unserved = event.unserved ?? [];
  draft.setListeners(event.project, {
    kind: 'open',
    gateways: event.gateways,
    served: new Set(event.served),
    unserved: new Map(unserved.map(({ name, reason }) => [name, reason])),
    missing: new Set(event.failures.map(({ id }) => id)),
  });
  for (const { name, reason, isNew } of unserved) {
    const subject = { project: event.project, name };
    if (isNew) draft.notice(subject, { kind: 'engine', data: { reason: 'not-reachable', why: reason } });
  }
  const closed = new Set(event.failures.map(({ id }) => id));
  for (const [id, { spec, state, desired }] of draft.ofProject(event.project)) {
    // Another program held its port, and has closed it.
    if (desired === 'up' && canSleep(spec) && state.kind === 'failed' && isListenerFailure(state.failure) && !closed.has(id))
      draft.setState(id, { kind: 'asleep', exit: null });
  }
  for (const { id, failure: value } of event.failures) {
    const entry = draft.entry(id);
    if (entry?.desired !== 'up' || (entry.state.kind !== 'asleep' && entry.state.kind !== 'queued' && entry.state.kind !== 'pending'))
      continue;
    draft.setState(id, { kind: 'failed', failure: value, since: now, logTailDue: false });
    draft.notice(entry.spec, { kind: 'failed', data: { reason: 'failure', cause: causeOf(value) } });
  }
}

/** Sleepers publish nothing: of them only the daemon can fail in that way. */
function isListenerFailure({ code }: Failure): boolean {
  return code === 'port-taken' || code === 'network-clash';
}
