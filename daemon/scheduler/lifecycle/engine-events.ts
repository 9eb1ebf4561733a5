import type { EngineEvent } from '../../model/observed.js';
import type { Ms } from '../../shared/span.js';
import { sessionEnded, sessionStarted } from '../activity/sessions.js';
import { usedFrom } from '../activity/use.js';
import { afterOom, ceilingOf } from '../memory/growth.js';
import { resizeTo, roomFor } from '../memory/samples.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { type Exit, held, liveContainer } from '../state/service-state.js';
import { idOf, requestFrom, type ServiceEntry } from '../state/world.js';
import { blameLimit, exitOf, foldExit } from './exits.js';
import { killed, removedByHand, revokeOutsideStop, startedByHand, stoppedByEngine } from './external-changes.js';

/** Containers kept that no service names yet; more than can be starting at once. */
const MOST_UNMATCHED = 64;

/** An engine that ends stops its containers first: 10 s grace for each, in parallel, and some more. */
const ENDING_ENGINE: Ms = 30_000;

/** The engine went away: what it stopped on its way out was not the user's wish. */
export function foldEngineLost(draft: Draft, policy: Policy, now: Ms): void {
  draft.engine = 'lost';
  // Clients may wait for what is under way.
  for (const [id, entry] of draft.services)
    if (entry.wakeRequest === null && isComing(entry)) draft.patch(id, { wakeRequest: requestFrom(now, policy) });
  for (const entry of draft.services.values()) revokeOutsideStop(draft, entry, ENDING_ENGINE, now);
}

function isComing({ desired, awake, state }: ServiceEntry): boolean {
  const { kind } = state;
  const isStarting = kind === 'queued' || kind === 'pending' || kind === 'starting' || kind === 'backoff' || kind === 'ended';
  return desired === 'up' && awake && (isStarting || (kind === 'stopping' && state.after.kind === 'restart'));
}

/** What the engine says has happened becomes fact. */
export function foldEngineEvent(draft: Draft, event: EngineEvent, policy: Policy, now: Ms): void {
  const found = draft.byContainer(event.id);
  if (!found || liveContainer(found[1].state) !== event.id) keepUnmatched(draft, event);
  if (!found) return;
  const [id, entry] = found;
  switch (event.kind) {
    case 'died':
      // The end of a container that was replaced meanwhile says nothing about the present one.
      if (liveContainer(entry.state) === event.id) died(draft, entry, exitOf(entry, event.exitCode, now), policy, now);
      else if (entry.byHand) endedAgain(draft, entry, exitOf(entry, event.exitCode, now), policy, now);
      return;
    case 'oom':
      return oom(draft, entry, policy, now);
    case 'killed':
      return killed(draft, entry, event.id, event.signal, now);
    case 'stopped':
      return stoppedByEngine(draft, entry, policy, now);
    case 'created':
    case 'checkStarted':
    case 'checkEnded':
      return;
    case 'started':
      return startedByHand(draft, entry, now);
    case 'execStarted':
      return sessionStarted(draft, entry, event.id, event.exec);
    case 'execEnded':
      return sessionEnded(draft, entry, event.exec, now);
    case 'health':
      return health(draft, entry, event.health);
    case 'paused':
    case 'unpaused':
      if (entry.state.kind === 'running') draft.setState(id, { ...entry.state, frozen: event.kind === 'paused' });
      if (event.kind === 'unpaused') draft.patch(id, { wakeRequest: null, use: usedFrom(entry.use, now) });
      return;
    case 'destroyed':
      return removedByHand(draft, entry, now);
    case 'updated':
      // Its limit may be another one now: set by the daemon, or by another program.
      if (entry.state.kind === 'running' && entry.state.resizing === null) draft.steps.push({ kind: 'list' });
      return;
  }
}

export function died(draft: Draft, entry: ServiceEntry, exit: Exit, policy: Policy, now: Ms): void {
  // While we stop it, the executor's `stopped` concludes: it has confirmed the exit by inspect.
  if (entry.state.kind !== 'starting' && entry.state.kind !== 'running') return;
  foldExit(draft, entry, exit, policy, now);
}

/** It was started by another program and has ended before it was looked at: judged as the end of a running service. */
function endedAgain(draft: Draft, entry: ServiceEntry, exit: Exit, policy: Policy, now: Ms): void {
  if (entry.state.kind === 'ended') return foldExit(draft, entry, exit, policy, now);
  draft.patch(idOf(entry.spec), { byHand: false, endsBy: null });
}

/** A process of it, perhaps not the main one. Where the budget has room it gets more at once. */
function oom(draft: Draft, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const id = idOf(entry.spec);
  const maximum = ceilingOf(entry.spec.memory);
  const { state } = entry;
  const grant = state.kind === 'failed' ? (state.end?.grant ?? 0) : held(state);
  // It came last of all: what it is about is over, and the limit then is not known any more.
  if (grant === 0) return;
  draft.patch(id, { ooms: entry.ooms + 1, oomAt: now, oomLimit: grant });
  draft.notice(entry.spec, { kind: 'oom', data: { reason: 'process-killed', limit: grant, maximum } });
  const next = draft.entry(id);
  if (next?.state.kind === 'backoff' || next?.state.kind === 'failed') return blameLimit(draft, next, policy, now);
  if (next?.state.kind !== 'running' || next.state.resizing !== null || draft.engine !== 'up') return;
  const after = afterOom(grant, maximum, roomFor(draft, policy), [], policy.growth, now);
  if (after.kind === 'grow') resizeTo(draft, next, next.state.container, after.grant);
}

function health(draft: Draft, entry: ServiceEntry, now: 'starting' | 'healthy' | 'unhealthy'): void {
  const { state } = entry;
  // Until it is ready the probe decides; `starting` is what the engine says before its own first check.
  if (state.kind !== 'running' || now === 'starting' || state.health === now) return;
  if (now === 'unhealthy') draft.notice(entry.spec, { kind: 'unhealthy', data: {} });
  else if (state.health === 'unhealthy') draft.notice(entry.spec, { kind: 'ready', data: { reason: 'healthy-again' } });
  draft.setState(idOf(entry.spec), { ...state, health: now });
}

function keepUnmatched(draft: Draft, event: EngineEvent): void {
  const { exitCode, oom } = draft.unmatched.get(event.id) ?? { exitCode: null, oom: false };
  if (event.kind === 'started' || event.kind === 'created') draft.unmatched.set(event.id, { exitCode: null, oom: false });
  else if (event.kind === 'died') draft.unmatched.set(event.id, { exitCode: event.exitCode, oom });
  else if (event.kind === 'oom') draft.unmatched.set(event.id, { exitCode, oom: true });
  const oldest = draft.unmatched.keys().next().value;
  if (draft.unmatched.size > MOST_UNMATCHED && oldest !== undefined) draft.unmatched.delete(oldest);
}
