import type { PortView, ServiceView } from '../../api/views.js';
import { ownAddresses } from '../../model/addressing.js';
import { canSleep, innerPorts } from '../../model/listeners.js';
import { speechOf } from '../../model/protocols.js';
import { readinessText, readyWord } from '../../model/readiness.js';
import { formatBytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { whyKept } from '../activity/idle.js';
import { leaseWords } from '../activity/leases.js';
import { activeDependantsOf } from '../activity/needed-by.js';
import { usedWords } from '../activity/use.js';
import { reportOf } from '../state/memory-report.js';
import { startsAwake } from '../state/restore.js';
import { held, isActive } from '../state/service-state.js';
import type { ListenerState } from '../state/wiring.js';
import { idOf, isWanted, type ServiceEntry, type World } from '../state/world.js';

/** Ports of one service that clients are told of: a range may expose a thousand. */
const MOST_SPEAKING = 64;
const BY_HOURS = 'stopped by its running hours';

/** A service as clients see it, without what only a measurement can tell (working set, ports of the running container). */
export function viewOf(world: World, entry: ServiceEntry, now: Ms): ServiceView {
  const { spec, state } = entry;
  return {
    project: spec.project,
    name: spec.name,
    profile: world.projects.get(spec.project)?.spec.profile ?? '',
    runtime: spec.runtime,
    state: shownState(entry),
    health: state.kind === 'running' ? state.health : state.kind === 'starting' ? 'starting' : 'none',
    ready: state.kind === 'running' ? readyWord(state.readiness) : null,
    ...portsOf(entry),
    speaks: [...innerPorts(spec), ...entry.listens]
      .slice(0, MOST_SPEAKING)
      .map(port => ({ port, ...speechOf(spec, port, entry.spoken[port]) })),
    memory: {
      standard: spec.memory.standard,
      grant: held(state),
      maximum: spec.memory.maximum,
      workingSet: null,
      ...(spec.memory.guessed ? { guessed: true } : {}),
    },
    stopsIn: stopsIn(world, entry, now),
    why: whyOf(world, entry, now),
    container: entry.container,
    dependsOn: spec.dependsOn.map(on => on.service),
    loading: loadingOf(entry),
    crashes: entry.crashes.length,
    ooms: entry.ooms,
  };
}

/**
 * The ports of the file at which something listens. A sleeping service is reached at the daemon's: a port of the engine's choice below it is a detail.
 * A port without a number in the file is where the engine has put it.
 */
function portsOf({ spec, address, state }: ServiceEntry): Pick<ServiceView, 'ports' | 'enginePorts'> {
  const published = isActive(state) ? (address?.ports ?? []) : [];
  const written = spec.container?.ports ?? [];
  const fixed = written.flatMap(({ hostIp, host, container, protocol }) => (host === null ? [] : [{ hostIp, host, container, protocol }]));
  if (!canSleep(spec)) return { ports: published.length > 0 ? published : fixed, enginePorts: [] };
  const isFree = (port: PortView) =>
    written.some(({ host, container, protocol }) => host === null && container === port.container && protocol === port.protocol);
  return { ports: [...fixed, ...published.filter(isFree)], enginePorts: published.filter(port => !isFree(port)) };
}

/** The state in the words of `ps`. */
export function shownState({ state, desired, awake, wakeRequest }: ServiceEntry): ServiceView['state'] {
  switch (state.kind) {
    case 'queued':
    case 'pending':
    case 'starting':
    case 'backoff':
      return 'starting';
    case 'running':
      return state.frozen ? 'frozen' : 'running';
    case 'stopping':
    case 'ended':
      return 'stopping';
    case 'completed':
      return 'stopped';
    case 'failed':
      return 'failed';
    case 'asleep':
      if (desired !== 'up') return 'stopped';
      return awake || wakeRequest !== null ? 'starting' : 'asleep';
  }
}

function loadingOf(entry: ServiceEntry): ServiceView['loading'] {
  const loading = entry.state.kind === 'running' ? reportOf(entry)?.loading : null;
  return loading ? { model: loading.model, share: loading.share } : null;
}

/** Until it is stopped for being idle, if it stays unused; null when something holds it, or it never is. */
function stopsIn(world: World, entry: ServiceEntry, now: Ms): Ms | null {
  const { state, spec, use } = entry;
  if (state.kind !== 'running' || !isWanted(entry) || !canSleep(spec) || spec.idle === null || whyKept(world, entry) !== null) return null;
  return Math.max(0, Math.round(use.lastAt + spec.idle - now), Math.round(use.notBefore - now));
}

/** One sentence: why it is in the state that it is in. */
function whyOf(world: World, entry: ServiceEntry, now: Ms): string {
  const { state, desired, spec } = entry;
  switch (state.kind) {
    case 'asleep':
      if (desired === 'up') return whyAsleep(world, entry);
      if (entry.stoppedOutsideAt !== null) return 'was stopped through the engine, not by laptop-dev';
      if (entry.hours === 'closed')
        return entry.refusal === null ? BY_HOURS : `was not brought up by its running hours: ${entry.refusal.message}`;
      if (state.exit !== null) return 'was stopped';
      return spec.start === 'manual' ? 'starts only when it is named' : 'not started';
    case 'queued':
      return `waits until ${formatBytes(state.grant)} of the budget are free`;
    case 'pending':
      return state.image === 'ready' ? `waits for ${waitsFor(entry)}` : 'its image is being prepared';
    case 'starting':
      return `starting for ${seconds(now - state.since)}`;
    case 'running':
      if (state.frozen)
        return spec.activation.freezeAfter === null ? 'paused through the engine' : 'paused while idle; a connection resumes it';
      return isWanted(entry) ? whyUp(world, entry, now) : 'stops after the services that depend on it';
    case 'stopping':
      return state.after.kind === 'restart' ? 'stops in order to restart' : 'stops';
    case 'ended':
      return entry.byHand
        ? 'was started again through the engine'
        : 'was stopped through the engine; it stays stopped unless it is started again now';
    case 'backoff':
      return `${state.exit.oom ? 'killed at its limit' : `exited with ${state.exit.code}`}; starts again in ${seconds(state.until - now)}`;
    case 'completed':
      return 'has finished (exit 0)';
    case 'failed':
      return state.failure.message;
  }
}

/** What needs it, or that it was asked for; and its health. */
function whyUp(world: World, entry: ServiceEntry, now: Ms): string {
  const { spec, crashes, ooms } = entry;
  const dependants = activeDependantsOf(world, spec)
    .flatMap(id => world.services.get(id) ?? [])
    .filter(isWanted);
  const profile = world.projects.get(spec.project)?.spec.profile ?? '';
  const part = startsAwake(spec) ? `part of profile ${profile}` : 'woken on demand';
  const asked = spec.start === 'manual' || profile === '' ? 'asked for by name' : part;
  const needed = dependants.length > 0 ? `needed by ${dependants.map(other => other.spec.name).join(', ')}` : asked;
  const held = leaseWords(world, idOf(spec), now) ?? (canSleep(spec) || entry.hours === 'closing' ? whyKept(world, entry) : null);
  const awake = held === null ? keptAwake(entry, now) : [`held awake: ${held}`];
  const loading = loadingOf(entry);
  const unprobed =
    entry.state.kind === 'running' && readyWord(entry.state.readiness) !== 'probed' ? readinessText(entry.state.readiness) : null;
  return [
    ...(loading === null ? [] : [`loads ${loading.model}: ${Math.round(loading.share * 100)} %`]),
    needed,
    ...(entry.hours === 'closing' ? ['its running hours are over: stops as soon as nothing holds it'] : []),
    ...awake,
    ...(unprobed === null ? [] : [unprobed]),
    ...(crashes.length > 0 ? [`crashed ${crashes.length} ×`] : []),
    ...(ooms > 0 ? [`${ooms} OOM kills`] : []),
  ].join('; ');
}

/** One that would sleep by now: what it is used by. */
function keptAwake({ spec, state, use }: ServiceEntry, now: Ms): string[] {
  if (state.kind !== 'running' || !canSleep(spec) || spec.idle === null || now - state.since <= spec.idle) return [];
  const words = usedWords(use, now);
  return words === null ? [] : [`kept awake by ${words}`];
}

function whyAsleep(world: World, entry: ServiceEntry): string {
  if (entry.wakeRequest !== null) return 'a connection waits for it; it starts when the budget has room';
  if (entry.awake) return 'waits for the engine';
  if (entry.refusal !== null) return `was not woken: ${entry.refusal.message}`;
  const listeners = world.projects.get(entry.spec.project)?.listeners;
  if (listeners?.kind !== 'open') return 'asleep; its ports are being opened';
  return `asleep: a connection wakes it${exceptions(entry, listeners)}`;
}

/** From where a connection does not wake it. */
function exceptions({ spec }: ServiceEntry, listeners: Extract<ListenerState, { kind: 'open' }>): string {
  const addresses = [...new Set(ownAddresses(spec).map(({ address }) => address))];
  if (listeners.served.has(spec.name)) return addresses.length > 0 ? `, but not one to its address ${addresses.join(', ')}` : '';
  const reason = listeners.unserved.get(spec.name);
  return `, but not one from another container${reason === undefined ? '' : `: ${reason}`}`;
}

function waitsFor({ spec }: ServiceEntry): string {
  return spec.dependsOn.length > 0 ? `${spec.dependsOn.map(on => on.service).join(', ')}, or a free start slot` : 'a free start slot';
}

function seconds(ms: Ms): string {
  return `${Math.max(0, ms / 1000).toFixed(1)} s`;
}
