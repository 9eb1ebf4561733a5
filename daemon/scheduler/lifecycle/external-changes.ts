import type { ObservedContainer } from '../../model/observed.js';
import { SIGKILL } from '../../model/signals.js';
import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import { restartSharers } from '../activity/shared-namespaces.js';
import { attempt, type DesiredChange } from '../admission/admission.js';
import { applyPlan, preempt } from '../admission/apply-plan.js';
import { refuseWake } from '../admission/wake-requests.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { type Exit, isActive } from '../state/service-state.js';
import { idOf, type ServiceEntry } from '../state/world.js';
import { wakeDependencies } from './advance.js';
import { stopIt } from './stop.js';

/*
 * What people do to containers of ours with other tools. The engine's events are facts; they are a wish only where a person's command
 * made them, which shows in what comes together (docs/engine.md has the table):
 *   stop signal or SIGKILL, end                           a stop by hand
 *   the same, and a start of the same container soon      a restart: it goes on
 *   SIGKILL, end, removal                                 the container was removed (rm -f): what is wanted up is made again
 *   stop signal, end, removal                             stopped and removed (compose down): a stop by hand
 *   a start that no launch of ours accounts for           a start by hand
 *   a signal that is neither, an end later than that      no wish: a crash is a crash
 */

/** From a signal to the end that it causes, over what the process may take to clean up. */
const PROMPT: Ms = 5_000;

/** What we stop ourselves is in state stopping. Signals that only poke a process (HUP, QUIT, USR1) do not end it, unless it is stopped with them. */
export function killed(draft: Draft, entry: ServiceEntry, container: string, signal: number, now: Ms): void {
  const { state, stopSignal, endsBy, spec } = entry;
  const runs = (state.kind === 'starting' || state.kind === 'running') && state.container === container;
  if (!(runs || entry.byHand) || (signal !== SIGKILL && signal !== stopSignal)) return;
  const isStop = signal === stopSignal;
  // SIGKILL follows a stop signal that was not obeyed in time: it is still that stop.
  const wasStop = endsBy?.isStop === true && now <= endsBy.until;
  const until = now + (isStop ? spec.stopTimeout : 0) + PROMPT;
  draft.patch(idOf(spec), { endsBy: { until, isStop: isStop || wasStop } });
}

/** The engine was asked to stop it: also where no signal was told of before, or one so long ago that the end looked like its own. */
export function stoppedByEngine(draft: Draft, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state, spec } = entry;
  const id = idOf(spec);
  if (state.kind === 'ended') return draft.setState(id, { ...state, isStop: true });
  // Both are reached by an end of what ran alone, and the end that was told of last is the one that this is about.
  if ((state.kind !== 'backoff' && state.kind !== 'completed') || state.exit.oom || entry.desired !== 'up') return;
  const grant = state.kind === 'backoff' ? state.grant : 0;
  const crashes = state.kind === 'backoff' ? entry.crashes.slice(0, -1) : entry.crashes;
  draft.patch(id, { crashes, state: { kind: 'ended', grant, until: now + policy.restartPause, exit: state.exit, isStop: true } });
}

/** Nothing followed an end that was asked of the engine: it was a stop. */
export function stoppedByHand(draft: Draft, entry: ServiceEntry, exit: Exit, now: Ms): void {
  const id = idOf(entry.spec);
  draft.setDesired(id, 'down');
  draft.patch(id, { stoppedOutsideAt: now, state: { kind: 'asleep', exit } });
  draft.notice(entry.spec, { kind: 'stopped', data: { reason: 'by-hand' } });
}

/** A moment is over in which a restart could have gone on. */
export function afterEnd(draft: Draft, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'ended' || now < state.until) return;
  if (!entry.byHand) return stoppedByHand(draft, entry, state.exit, now);
  // It was started, and has not been seen since: a look that failed is given again.
  draft.setState(idOf(entry.spec), { ...state, until: now + policy.restartPause });
  draft.steps.push({ kind: 'list' });
}

/**
 * A stop from outside was none of the user's when the engine itself goes away right after it: it signals its containers when it ends. The
 * service is wanted up again.
 */
export function revokeOutsideStop(draft: Draft, entry: ServiceEntry, within: Ms, now: Ms): void {
  const id = idOf(entry.spec);
  if (entry.state.kind === 'ended') return draft.setState(id, { kind: 'asleep', exit: null });
  if (entry.stoppedOutsideAt === null || now - entry.stoppedOutsideAt > within) return;
  draft.patch(id, { stoppedOutsideAt: null });
  draft.setDesired(id, 'up');
  draft.patch(id, { awake: true });
}

/** Its `died` came before, where it ran; what is left is the name of something that is gone. What is wanted up is made again. */
export function removedByHand(draft: Draft, entry: ServiceEntry, now: Ms): void {
  const id = idOf(entry.spec);
  draft.patch(id, { container: null, byHand: false });
  if (entry.state.kind !== 'ended') return;
  if (entry.state.isStop) stoppedByHand(draft, entry, entry.state.exit, now);
  else draft.setState(id, { kind: 'asleep', exit: null });
}

/** A start that no launch of ours accounts for. What it has become is looked up: see `accountForUnmatched`. */
export function startedByHand(draft: Draft, entry: ServiceEntry, now: Ms): void {
  if (isActive(entry.state) || entry.desired === 'gone' || entry.removing) return;
  // What has ended since cannot be a start of ours that comes late.
  if (entry.state.kind !== 'ended' && now < entry.startsLate) return;
  draft.patch(idOf(entry.spec), { byHand: true });
}

/**
 * Adopts a container that another program started, as a start that was asked of us: others make room where it has none, its limit is lowered to
 * what there is (which takes a start anew), or it is stopped again, and that is said.
 */
export function admitByHand(draft: Draft, id: ServiceId, seen: ObservedContainer, policy: Policy, now: Ms, adopt: () => void): void {
  const entry = draft.entry(id);
  if (!entry) return;
  const isRestart = entry.state.kind === 'ended';
  const change: DesiredChange = { up: [entry.spec], stops: [], restart: new Set([id]), recreate: new Set(), woken: false };
  const plan = attempt(draft.world(), change, policy, now);
  adopt();
  const running = draft.entry(id);
  if (!running) return;
  draft.patch(id, { byHand: false, stoppedOutsideAt: null });
  if (typeof plan === 'function') {
    const { spec } = entry;
    draft.patch(id, { awake: false });
    stopIt(draft, id, running, { kind: 'sleep' }, policy, now);
    draft.notice(spec, { kind: 'stopping', data: { reason: 'no-room' } });
    return refuseWake(draft, id, plan());
  }
  draft.setDesired(id, 'up');
  draft.patch(id, { awake: true, crashes: [], refusal: null, hours: null, wakeRequest: null });
  const granted = plan.starts.find(start => start.id === id)?.grant ?? 0;
  const limit = Math.min(seen.limit > 0 ? seen.limit : seen.memory.maximum, entry.spec.memory.maximum);
  draft.notice(entry.spec, { kind: 'started', data: { reason: isRestart ? 'restarted-by-hand' : 'by-hand' } });
  if (granted < limit) return applyPlan(draft, plan, change, policy, now);
  preempt(draft, plan, policy, now);
  wakeDependencies(draft, entry, policy, now);
  restartSharers(draft, entry, seen.id, policy, now);
}
