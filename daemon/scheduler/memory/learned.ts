import type { ProjectSpec, ServiceId, ServiceSpec } from '../../model/spec.js';
import { type Bytes, formatBytes, MiB } from '../../shared/bytes.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { overBudgetFor, planFor } from '../admission/admission.js';
import { applyPlan } from '../admission/apply-plan.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Exit } from '../state/service-state.js';
import { idOf, type LearnedMemory, type ServiceEntry, type World } from '../state/world.js';

/** A service killed at a guessed limit starts again only with at least this multiple of it … */
const LEAST_AGAIN = 1.5;
/** … and gets up to this multiple where the budget has room. */
const MOST_AGAIN = 2;
/** Node aborts when its heap is full (SIGABRT), the JVM exits with 3 (-XX:+ExitOnOutOfMemoryError): their heaps are fitted to the grant. */
const HEAP_FULL: Readonly<Record<string, number>> = { node: 134, jvm: 3 };

/** Definitions with what was learnt of memory that no file sets. */
export function withLearnedMemory(spec: ProjectSpec, learnt: LearnedMemory): ProjectSpec {
  if (learnt.size === 0) return spec;
  return { ...spec, services: spec.services.map(service => informed(service, learnt)) };
}

function informed(service: ServiceSpec, learnt: LearnedMemory): ServiceSpec {
  const known = learnt.get(idOf(service));
  if (known === undefined || !service.memory.guessed) return service;
  const { standard, maximum } = service.memory;
  return { ...service, memory: { standard: Math.max(standard, known.standard), maximum: Math.max(maximum, known.maximum), guessed: true } };
}

/** A grant above a guessed maximum is the maximum from now on, also after the next start of the daemon. */
export function learnMemory(draft: Draft, entry: ServiceEntry, grant: Bytes, standard: Bytes = entry.spec.memory.standard): void {
  const { memory } = entry.spec;
  if (!memory.guessed || (grant <= memory.maximum && standard <= memory.standard)) return;
  const id = idOf(entry.spec);
  const known = { standard: Math.max(standard, memory.standard), maximum: Math.max(grant, memory.maximum) };
  draft.learnt = new Map(draft.learnt).set(id, known);
  draft.patch(id, { spec: { ...entry.spec, memory: { ...known, guessed: true } } });
  const project = draft.projects.get(entry.spec.project);
  if (project) draft.projects.set(entry.spec.project, { ...project, spec: withLearnedMemory(project.spec, draft.learnt) });
  draft.intentChanged = true;
}

/** Whether an exit came from a heap that was fitted to a limit that no file sets. */
export function isHeapFull({ memory, runtime }: ServiceSpec, code: number): boolean {
  return memory.guessed === true && runtime !== null && HEAP_FULL[runtime] === code;
}

/**
 * A service was killed at a limit that no file sets: it starts again at once with more, in the room of the budget and of what can make
 * room, as in an admission. Not a crash, so `restart: no` and one-shots start again too. Returns why not, with the holders, where there is no room.
 */
export function restartWithMore(draft: Draft, id: ServiceId, grant: Bytes, exit: Exit, policy: Policy, now: Ms): Failure | null {
  const up = (bytes: number) => Math.ceil(bytes / MiB) * MiB;
  const before = draft.entry(id);
  if (!before) return null;
  draft.setState(id, { kind: 'asleep', exit });
  const [standard, maximum] = [up(LEAST_AGAIN * grant), up(MOST_AGAIN * grant)];
  const spec = { ...before.spec, memory: { standard, maximum: Math.max(maximum, before.spec.memory.maximum), guessed: true } };
  const world: World = draft.world();
  const change = { up: [spec], stops: [], restart: new Set<ServiceId>(), recreate: new Set<ServiceId>(), woken: false };
  const answer = planFor(world, change, policy, now);
  if (!answer.ok) {
    const why = answer.failure.code === 'over-budget' ? overBudgetFor(world, spec, policy, now) : answer.failure;
    const text = `${spec.name} was killed at ${formatBytes(grant)}, a limit that nobody set, and needs more. ${why.message}`;
    return { ...why, message: text };
  }
  learnMemory(draft, before, spec.memory.maximum, standard);
  applyPlan(draft, answer.plan, change, policy, now);
  const given = answer.plan.starts[0]?.grant ?? standard;
  draft.notice(spec, { kind: 'oom', data: { reason: 'limit-inferred', limit: grant, next: given } });
  return null;
}
