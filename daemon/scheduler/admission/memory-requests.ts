import { causeOf } from '../../api/notice.js';
import type { ServiceId } from '../../model/spec.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { type Failure, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { planPreemption } from '../eviction/preemption.js';
import { describe, explainAdmission } from '../eviction/pressure.js';
import { committed } from '../memory/committed.js';
import { mayGrow, resizeTo } from '../memory/samples.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import type { MemoryRequest } from '../state/memory-report.js';
import { liveContainer } from '../state/service-state.js';
import { grantedTotal, isWanted, type ServiceEntry } from '../state/world.js';
import { overBudgetFor } from './admission.js';
import { preempt } from './apply-plan.js';

/** What a service that loads models says of itself becomes fact; a limit that it asks for is a question, answered once. */
export function foldMemoryReported(
  draft: Draft,
  { id, container, report }: Extract<Event, { kind: 'memoryReported' }>,
  policy: Policy,
  now: Ms,
): void {
  const entry = draft.entry(id);
  if (!entry || liveContainer(entry.state) !== container) return;
  const { wants, ...rest } = report;
  const isSame = entry.memoryRequest !== null && entry.memoryRequest.container === container && entry.memoryRequest.bytes === wants;
  const memoryRequest: MemoryRequest | null =
    wants === null ? null : { container, bytes: wants, since: now, until: now + policy.patience, isAnswered: false };
  draft.patch(id, { memoryReport: { container, ...rest }, memoryRequest: isSame ? entry.memoryRequest : memoryRequest });
}

type Asking = ServiceEntry & { readonly memoryRequest: MemoryRequest; readonly state: { readonly kind: 'running' } };

/**
 * Limits that are asked for, in the order in which they were (docs/llm.md):
 *   1 above the maximum: refused, nothing is stopped
 *   2 as much as is free: the limit grows at once, and the answer follows when the engine has it
 *   3 else bursts are shrunk and services put to sleep, all of it computed before any is; it waits until they are gone
 *   4 where that does not give enough: refused at once with the holders, for a smaller load may do
 */
export function admitMemoryRequests(draft: Draft, policy: Policy, now: Ms): void {
  const asking = draft.where(entry => isAsking(entry)) as [ServiceId, Asking][];
  for (const [id] of asking.sort((a, b) => a[1].memoryRequest.since - b[1].memoryRequest.since)) {
    const entry = draft.entry(id);
    if (entry && isAsking(entry)) admitMemoryRequest(draft, id, entry, policy, now);
  }
}

function isAsking({ memoryRequest, state }: ServiceEntry): boolean {
  return (
    memoryRequest !== null &&
    !memoryRequest.isAnswered &&
    liveContainer(state) === memoryRequest.container &&
    state.kind === 'running' &&
    state.resizing === null
  );
}

function admitMemoryRequest(draft: Draft, id: ServiceId, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { memoryRequest, state, spec } = entry;
  if (memoryRequest === null || state.kind !== 'running') return;
  if (memoryRequest.bytes <= state.grant) return answer(draft, id, memoryRequest, null);
  if (memoryRequest.bytes > spec.memory.maximum) return answer(draft, id, memoryRequest, beyondMaximum(entry, memoryRequest.bytes));
  const isLate = now >= memoryRequest.until;
  const scarce = scarceFor(draft, entry, memoryRequest.bytes, policy, now);
  if (scarce !== null && isLate) return answer(draft, id, memoryRequest, scarce);
  if (scarce !== null) return;
  const more = memoryRequest.bytes - state.grant;
  const short = settledTotal(draft) + more - policy.budget;
  const isFree = grantedTotal(draft.services.values()) + more <= policy.budget;
  if (short <= 0 && isFree) return resizeTo(draft, entry, state.container, memoryRequest.bytes);
  const relief = planPreemption(short, [{ id, priority: spec.priority }], memoryHoldersOf(draft, now), draft.evictions, policy.relief, now);
  if (relief === null || isLate)
    return answer(draft, id, memoryRequest, overBudgetFor(draft.world(), spec, policy, now, memoryRequest.bytes));
  const start = { id, grant: memoryRequest.bytes, standard: spec.memory.standard, recreate: false };
  preempt(draft, { starts: [start], evicts: relief.stops, shrinks: relief.shrinks }, policy, now);
}

/** What all hold when everything that is decided has been done, and those that wait for a plan have their standard. */
function settledTotal(draft: Draft): Bytes {
  let sum = 0;
  for (const entry of draft.services.values()) {
    const isWaiting = entry.state.kind === 'queued' || entry.wakeRequest !== null;
    sum += isWaiting ? entry.spec.memory.standard : committed(entry);
  }
  return sum;
}

/** The host, or the engine, does not allow it just now; null: it does. */
function scarceFor(draft: Draft, { spec, state }: ServiceEntry, bytes: Bytes, policy: Policy, now: Ms): Failure | null {
  if (state.kind !== 'running') return null;
  const { pressure } = draft.host;
  const { sample } = pressure;
  const isFresh = sample !== null && now - sample.at <= policy.pressure.longestGap;
  const more = bytes - state.grant;
  const why = !mayGrow(draft) ? describe(pressure) : isFresh ? explainAdmission(sample, more, policy.pressure) : null;
  if (why === null) return null;
  const details = { need: bytes, free: state.grant, available: sample?.available ?? null };
  return failure('host-memory', `${spec.name} cannot have ${formatBytes(bytes)}: ${why}.`, details);
}

function beyondMaximum({ spec }: ServiceEntry, bytes: Bytes): Failure {
  const { maximum } = spec.memory;
  return failure(
    'over-budget',
    `${spec.name} asks for ${formatBytes(bytes)}; its maximum is ${formatBytes(maximum)}.`,
    { need: bytes, free: maximum, holders: [] },
    [`Raise memory.maximum of ${spec.name} in its profile, or let it need less`],
  );
}

function answer(draft: Draft, id: ServiceId, memoryRequest: MemoryRequest, refusal: Failure | null): void {
  const entry = draft.entry(id);
  if (!entry) return;
  draft.patch(id, { memoryRequest: { ...memoryRequest, isAnswered: true }, refusal: refusal ?? entry.refusal });
  draft.steps.push({ kind: 'answerMemoryRequest', id, container: memoryRequest.container, bytes: memoryRequest.bytes, refusal });
  if (refusal !== null) draft.notice(entry.spec, { kind: 'refused', data: { reason: 'memory-request', cause: causeOf(refusal) } });
}

/** When a question that waits is to be looked at again for time alone; null: it waits for nothing. */
export function memoryRequestDue(entry: ServiceEntry): Ms | null {
  return isAsking(entry) && isWanted(entry) ? (entry.memoryRequest?.until ?? null) : null;
}
