import type { Plan } from '../../api/plan.js';
import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { fallAsleep, thaw } from '../activity/idle.js';
import { isOneShot } from '../lifecycle/one-shot.js';
import { runsByHand, stopIt } from '../lifecycle/stop.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { idOf, type ServiceEntry } from '../state/world.js';
import type { DesiredChange } from './admission.js';

/** Sets the wants and gives the grants of an admitted plan. */
export function applyPlan(draft: Draft, plan: Plan, change: DesiredChange, policy: Policy, now: Ms): void {
  for (const spec of change.up) {
    draft.setDesired(idOf(spec), 'up');
    draft.patch(idOf(spec), { awake: true, refusal: null, ...(change.woken ? {} : { hours: null }) });
  }
  for (const { id } of plan.starts) draft.patch(id, { wakeRequest: null });
  for (const id of plan.keeps) resumeKept(draft, id, policy, now);
  preempt(draft, plan, policy, now);
  for (const { id, grant } of plan.starts) {
    const entry = draft.entry(id);
    if (!entry) continue;
    const { state } = entry;
    draft.openMissing(entry);
    // Were the daemon killed now, what stops already, or was stopped before, would be taken for one that has ended by itself.
    const looksFinished = state.kind === 'stopping' || (entry.container !== null && isOneShot(draft, entry));
    const restartRequested = entry.restartRequested || change.restart.has(id) || looksFinished;
    const recreateRequested = entry.recreateRequested || change.recreate.has(id);
    if (restartRequested || recreateRequested) draft.intentChanged = true;
    draft.patch(id, { crashes: [], restartRequested, recreateRequested });
    if (state.kind === 'running' || runsByHand(entry)) {
      stopIt(draft, id, entry, { kind: 'restart', grant }, policy, now);
      draft.notice(entry.spec, { kind: 'stopping', data: { reason: 'restart' } });
    } else if (state.kind === 'stopping') {
      draft.setState(id, { ...state, after: { kind: 'restart', grant } });
    } else if (state.kind === 'starting') {
      draft.setState(id, { ...state, next: grant });
    } else {
      draft.patch(id, {
        attempt: entry.attempt + 1,
        state: { kind: 'queued', grant, since: now, reuseContainer: reusesContainer(entry, recreateRequested, change) },
      });
      draft.notice(entry.spec, { kind: 'planned', data: { reason: 'start', limit: grant } });
    }
  }
}

/** It runs already: one that is paused is used from now on, by a client or by what depends on it. */
function resumeKept(draft: Draft, id: ServiceId, policy: Policy, now: Ms): void {
  const state = draft.entry(id)?.state;
  if (state?.kind === 'running' && state.frozen) thaw(draft, id, state.container, policy, now);
  else draft.patch(id, { wakeRequest: null });
}

/** Woken by a connection: what was launched with this definition before goes on, and the client is not kept waiting for an image. */
function reusesContainer(entry: ServiceEntry, recreateRequested: boolean, change: DesiredChange): boolean {
  return change.woken && !recreateRequested && entry.container !== null && entry.launchedHash === entry.spec.configHash;
}

/** What the plan takes from others: limits are lowered, and services put to sleep. */
export function preempt(
  draft: Draft,
  { starts, evicts, shrinks }: Pick<Plan, 'starts' | 'evicts' | 'shrinks'>,
  policy: Policy,
  now: Ms,
): void {
  const window = policy.relief.thrashWindow;
  const claims = starts.map(({ id }) => id);
  const by = foremost(draft, claims);
  for (const id of evicts) {
    const entry = draft.entry(id);
    if (!entry) continue;
    fallAsleep(draft, id, entry, { reason: 'preempted', by: claims });
    // What was idle anyway would have gone by itself: it says nothing about the two.
    const isIdle = entry.spec.idle !== null && now - entry.use.lastAt >= entry.spec.idle;
    if (by !== undefined && !isIdle)
      draft.evictions = [...draft.evictions.filter(({ at }) => now - at < window), { victim: id, by, at: now }];
  }
  for (const { id, to } of shrinks) shrinkTo(draft, id, to);
}

function shrinkTo(draft: Draft, id: ServiceId, to: Bytes): void {
  const entry = draft.entry(id);
  if (entry?.state.kind !== 'running') return;
  const { container, grant } = entry.state;
  draft.setState(id, { ...entry.state, resizing: to });
  draft.steps.push({ kind: 'resize', id, container, from: grant, to, floor: to });
  draft.notice(entry.spec, { kind: 'resized', data: { reason: 'others-need-it', from: grant, to } });
}

/** The claim of the highest priority: it is the one that the evictions of a plan are for. */
function foremost(draft: Draft, ids: readonly ServiceId[]): ServiceId | undefined {
  const priority = (id: ServiceId) => draft.entry(id)?.spec.priority ?? 0;
  return [...ids].sort((a, b) => priority(b) - priority(a))[0];
}
