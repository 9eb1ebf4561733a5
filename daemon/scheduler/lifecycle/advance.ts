import { causeOf } from '../../api/notice.js';
import { type Dependency, type ServiceId, serviceId } from '../../model/spec.js';
import { failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { admitsNow } from '../eviction/pressure.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { wiringOf } from '../state/wiring.js';
import { isWanted, requestFrom, type ServiceEntry } from '../state/world.js';
import { waitsForLeaving } from './leaving.js';

/** Each pending service takes its next step; one whose dependency has failed fails with it. */
export function advanceAll(draft: Draft, policy: Policy, now: Ms): void {
  for (let again = true; again; ) {
    again = false;
    for (const [id, entry] of draft.services) {
      if (entry.state.kind !== 'pending' || !isWanted(entry)) continue;
      advance(draft, id, entry, policy, now);
      again ||= draft.entry(id)?.state.kind === 'failed';
    }
  }
}

/** pending → starting: the image is there, what it depends on is ready, and one of the start slots is free. */
function advance(draft: Draft, id: ServiceId, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state, spec } = entry;
  if (state.kind !== 'pending') return;
  const broken = spec.dependsOn.find(on => on.required && dependency(draft, spec.project, on) === 'broken');
  if (broken) return giveUp(draft, id, entry, broken, now);
  if (state.image === 'needed') {
    draft.setState(id, { ...state, image: 'fetching' });
    draft.steps.push({ kind: 'ensureImage', id, attempt: entry.attempt, spec });
    return;
  }
  wakeDependencies(draft, entry, policy, now);
  if (state.image !== 'ready' || spec.dependsOn.some(on => dependency(draft, spec.project, on) === 'waiting')) return;
  if (!admitsNow(draft.host.pressure.level) || waitsForLeaving(draft, spec)) return;
  const starting = draft.where(other => other.state.kind === 'starting').length;
  const project = draft.projects.get(spec.project);
  // Its container is told where the daemon listens.
  if (starting >= policy.startsAtOnce || project?.listeners.kind !== 'open') return;
  draft.patch(id, {
    address: null,
    ooms: 0,
    oomAt: null,
    oomLimit: null,
    endsBy: null,
    byHand: false,
    sessions: [],
    stoppedOutsideAt: null,
    state: { kind: 'starting', grant: state.grant, container: null, since: now, hash: spec.configHash, next: null },
  });
  const { attempt, recreateRequested, container: previous } = entry;
  const wiring = wiringOf(spec, project.spec, project.listeners);
  draft.steps.push({
    kind: 'launch',
    id,
    attempt,
    spec,
    grant: state.grant,
    project: project.spec,
    previous,
    recreate: recreateRequested,
    reuseContainer: state.reuseContainer,
    wiring,
    carryOver: entry.volumes,
  });
  draft.notice(spec, { kind: 'starting', data: {} });
}

/** What it depends on and is wanted up is woken with it: it may have fallen asleep while its dependant paused after a crash, or was stopped by hand. */
export function wakeDependencies(draft: Draft, { spec }: ServiceEntry, policy: Policy, now: Ms): void {
  for (const on of spec.dependsOn) {
    const id = serviceId(spec.project, on.service);
    const other = draft.entry(id);
    if (other?.desired === 'up' && !other.awake && other.wakeRequest === null)
      draft.patch(id, { wakeRequest: requestFrom(now, policy), refusal: null });
  }
}

/** How a dependency stands. An optional one that is absent or broken is as good as met. */
function dependency(draft: Draft, project: string, on: Dependency): 'met' | 'waiting' | 'broken' {
  const entry = draft.entry(serviceId(project, on.service));
  const broken = on.required ? 'broken' : 'met';
  if (entry?.desired !== 'up') return broken;
  const { state } = entry;
  if (state.kind === 'failed' || entry.refusal !== null) return broken;
  if (state.kind === 'completed') return on.condition === 'healthy' ? broken : 'met';
  if (state.kind === 'running') return on.condition === 'completed' || state.health === 'unhealthy' ? 'waiting' : 'met';
  if (state.kind === 'starting' && state.container !== null && on.condition === 'started') return 'met';
  return 'waiting';
}

function giveUp(draft: Draft, id: ServiceId, entry: ServiceEntry, on: Dependency, now: Ms): void {
  const cause = draft.entry(serviceId(entry.spec.project, on.service));
  const why = cause?.state.kind === 'failed' ? cause.state.failure : cause?.refusal;
  const reason = why?.message ?? `${on.service} is not running.`;
  const value = failure('dependency-failed', `${entry.spec.name} cannot start without ${on.service}: ${reason}`, {
    dependency: on.service,
  });
  draft.setState(id, { kind: 'failed', failure: value, since: now, logTailDue: false });
  draft.notice(entry.spec, { kind: 'failed', data: { reason: 'failure', cause: causeOf(value) } });
}
