import { causeOf, type NoticeData } from '../../api/notice.js';
import { ownAddresses } from '../../model/addressing.js';
import { canSleep } from '../../model/listeners.js';
import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event, UsageSeen, UseSeen } from '../state/event.js';
import { isActive } from '../state/service-state.js';
import { idOf, isWanted, requestFrom, type ServiceEntry, type World } from '../state/world.js';
import { whyLeased } from './leases.js';
import { activeDependantsOf } from './needed-by.js';
import { keepSessions } from './sessions.js';
import { sharesNamespaceOf } from './shared-namespaces.js';
import { type Use, usedFrom } from './use.js';

export function foldUsed(draft: Draft, { uses }: Pick<UsageSeen, 'uses'>, policy: Policy, now: Ms): void {
  for (const seen of uses) note(draft, seen, policy, now);
}

function note(draft: Draft, seen: UseSeen, policy: Policy, now: Ms): void {
  const { id, holding, execs, lastByteAt } = seen;
  const entry = draft.entry(id);
  if (!entry) return;
  const { use } = entry;
  draft.patch(id, { use: useAfter(use, seen, now) });
  const { state } = entry;
  const isAsked = holding || execs > 0 || (lastByteAt ?? 0) > use.lastAt;
  if (state.kind === 'running' && state.frozen && isAsked && isWanted(entry)) thaw(draft, id, state.container, policy, now);
}

/** How a service is used, by what was just seen of it. */
export function useAfter(use: Use, { connections, holding, moving, execs, lastByteAt, rhythm = null }: UseSeen, now: Ms): Use {
  // What holds it, or has just let go of it, is use although no byte may have flowed.
  const held = use.holding || use.execs > 0 || holding || execs > 0;
  const lastAt = Math.max(use.lastAt, lastByteAt ?? 0, held ? now : 0);
  const by: Use['by'] = held ? { kind: 'held' } : lastAt > use.lastAt ? { kind: 'bytes' } : use.by;
  return { ...use, connections, holding, moving, execs, lastAt, by, rhythm };
}

/** A client waits until it is resumed: the step is given once, while the request stands. */
export function thaw(draft: Draft, id: ServiceId, container: string, policy: Policy, now: Ms): void {
  const entry = draft.entry(id);
  if (!entry || entry.wakeRequest !== null) return;
  draft.patch(id, { wakeRequest: requestFrom(now, policy), use: { ...entry.use, lastAt: now } });
  draft.steps.push({ kind: 'thaw', id, container });
}

/** A look at how it is used has found nothing, or something. */
export function foldUseChecked(draft: Draft, event: Extract<Event, { kind: 'useChecked' }>, policy: Policy, now: Ms): void {
  note(draft, event.seen, policy, now);
  const known = draft.entry(event.id);
  if (known?.container === event.container && event.sessions != null) keepSessions(draft, known, event.sessions, now);
  const entry = draft.entry(event.id);
  if (!entry) return;
  const use: Use = {
    ...entry.use,
    checking: false,
    heldBy: event.heldBy,
    ...(event.busy || event.heldBy !== null ? { lastAt: now } : {}),
    ...(event.vetoed ? { notBefore: now + policy.lookAgain } : {}),
  };
  draft.patch(event.id, { use });
  if (entry.state.kind !== 'running' || entry.state.container !== event.container || event.vetoed) return;
  if (whyHeld(draft, { ...entry, use }) !== null) return;
  const quiet = now - use.lastAt;
  if (entry.spec.idle !== null && quiet >= entry.spec.idle) return fallAsleep(draft, event.id, entry, { reason: 'idle', unused: quiet });
  const { freezeAfter } = entry.spec.activation;
  if (freezeAfter === null || quiet < freezeAfter || entry.state.frozen) return;
  // The engine may take its time: it is not looked at, nor paused again, before.
  draft.patch(event.id, { use: { ...use, notBefore: now + policy.lookAgain } });
  draft.steps.push({ kind: 'freeze', id: event.id, container: event.container, drain: policy.drain });
  draft.notice(entry.spec, { kind: 'frozen', data: { reason: 'idle', unused: quiet } });
}

/** The engine has paused or resumed it. A service that cannot be resumed is stopped and started again: a client waits for it. */
export function foldFrozenChanged(draft: Draft, entry: ServiceEntry, event: Extract<Event, { kind: 'frozenChanged' }>, now: Ms): void {
  const { state } = entry;
  if (state.kind !== 'running' || state.container !== event.container) return;
  if (event.failure === null) {
    draft.patch(event.id, {
      state: { ...state, frozen: event.frozen },
      // The pause before another look was for the engine's answer, which is here.
      ...(event.frozen ? { use: { ...entry.use, notBefore: 0 } } : { wakeRequest: null, use: usedFrom(entry.use, now) }),
    });
    if (!event.frozen) return;
    const isUsed = entry.wakeRequest !== null || entry.use.connections > 0 || entry.use.execs > 0 || entry.sessions.length > 0;
    if (isUsed) draft.steps.push({ kind: 'thaw', id: event.id, container: event.container });
    // A client may have come before it was still: what is asked of a paused process hangs. (No veto: a command would hang too.)
    else draft.steps.push({ kind: 'checkUse', id: event.id, container: event.container, veto: null });
    return;
  }
  const reason = event.frozen ? 'pause-failed' : 'resume-failed';
  draft.notice(entry.spec, { kind: 'frozen', data: { reason, cause: causeOf(event.failure) } });
  if (event.frozen) draft.patch(event.id, { use: usedFrom(entry.use, now) });
  else draft.patch(event.id, { awake: false });
}

/** The service is put to sleep: `reconcile` stops it, and its listeners stay open. */
export function fallAsleep(draft: Draft, id: ServiceId, entry: ServiceEntry, data: NoticeData['stopping']): void {
  draft.patch(id, { awake: false });
  draft.notice(entry.spec, { kind: 'stopping', data });
}

/** Time in which the machine was suspended counts neither as idle time nor as waiting. */
export function foldResumed(draft: Draft, policy: Policy, now: Ms): void {
  for (const [id, { use, wakeRequest, state }] of draft.services) {
    draft.patch(id, {
      use: usedFrom(use, now),
      wakeRequest: wakeRequest === null ? null : requestFrom(now, policy),
      state: state.kind === 'queued' ? { ...state, since: now } : state,
    });
  }
}

/** When it is to be looked at next whether it is idle; null: it never is, or something that will be told holds it. */
export function useDue(world: Pick<World, 'services' | 'projects' | 'leases'>, entry: ServiceEntry): Ms | null {
  const due = quietAt(entry);
  return due === null || whyHeld(world, entry) !== null ? null : due;
}

/** The same for one that nothing holds. */
function quietAt(entry: ServiceEntry): Ms | null {
  const { state, spec, use } = entry;
  if (state.kind !== 'running' || !isWanted(entry) || !canSleep(spec) || use.checking) return null;
  const { freezeAfter } = spec.activation;
  const after = freezeAfter !== null && !state.frozen ? freezeAfter : spec.idle;
  return after === null ? null : Math.max(use.lastAt + after, use.notBefore);
}

/** Looks at those that seem idle. */
export function checkUseWhereDue(draft: Draft, now: Ms): void {
  for (const [id, entry] of draft.services) {
    const due = quietAt(entry);
    // What holds it is looked up only for those whose time has come: this is done for all, in each decision.
    if (due === null || now < due || entry.state.kind !== 'running' || whyHeld(draft, entry) !== null) continue;
    draft.patch(id, { use: { ...entry.use, checking: true } });
    const { container, frozen } = entry.state;
    // Nothing can be run in what is frozen, and nothing in it has changed since it was asked.
    draft.steps.push({ kind: 'checkUse', id, container, veto: frozen ? null : entry.spec.activation.veto });
  }
}

/** Why it is not stopped, in a sentence: what holds it, or what it said when it was last asked; null: nothing. */
export function whyKept(world: Pick<World, 'services' | 'projects' | 'leases'>, entry: ServiceEntry): string | null {
  return whyHeld(world, entry) ?? entry.use.heldBy;
}

/** Why it must not be stopped although no byte flows; null: nothing holds it, as far as events tell. */
export function whyHeld(world: Pick<World, 'services' | 'projects' | 'leases'>, entry: ServiceEntry): string | null {
  const { use, spec } = entry;
  const leased = world.leases.size > 0 ? whyLeased(world, idOf(spec)) : null;
  if (leased !== null) return leased;
  if (use.holding) return 'an exchange or a transaction is under way';
  if (entry.sessions.length > 0)
    return entry.sessions.length === 1 ? 'a command runs in it (docker exec)' : `${entry.sessions.length} commands run in it (docker exec)`;
  if (use.execs > 0) return `${use.execs} exec ${use.execs === 1 ? 'session' : 'sessions'}`;
  const listeners = world.projects.get(spec.project)?.listeners;
  // A connection to an address of the service's own does not pass through the daemon.
  const isServed = listeners?.kind === 'open' && listeners.served.has(spec.name) && ownAddresses(spec).length === 0;
  for (const id of activeDependantsOf(world, spec)) {
    const other = world.services.get(id);
    if (other === undefined || !isWanted(other)) continue;
    const starts =
      other.state.kind === 'queued' ||
      other.state.kind === 'pending' ||
      other.state.kind === 'starting' ||
      other.state.kind === 'backoff' ||
      other.state.kind === 'ended';
    if (starts) return `${other.spec.name} starts and needs it`;
    if (isActive(other.state) && sharesNamespaceOf(other.spec, spec.name)) return `${other.spec.name} runs in its network`;
    // Connections of those that reach it through the daemon are seen; others may use it at any time.
    if (!isServed && isActive(other.state)) {
      const reason = listeners?.kind === 'open' ? listeners.unserved.get(spec.name) : undefined;
      return `${other.spec.name} runs and reaches it past the daemon${reason === undefined ? '' : ` (${reason})`}`;
    }
  }
  return null;
}
