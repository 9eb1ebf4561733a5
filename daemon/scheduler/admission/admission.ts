import type { Plan } from '../../api/plan.js';
import type { ServiceId, ServiceSpec } from '../../model/spec.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { type Failure, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { type PreemptionPlan, planPreemption, whyNotEvicted } from '../eviction/preemption.js';
import { admitsNow, describe, explainAdmission } from '../eviction/pressure.js';
import { committed, lasting } from '../memory/committed.js';
import type { Policy } from '../policy/policy.js';
import { requestsOwnMemory } from '../state/memory-report.js';
import { held, isActive } from '../state/service-state.js';
import { grantedTotal, idOf, isWanted, type ServiceEntry, type World } from '../state/world.js';
import { shownState } from '../views/view.js';

/** What an action wants to be so: these up (with these definitions), those not. */
export interface DesiredChange {
  readonly up: readonly ServiceSpec[];
  readonly stops: readonly ServiceId[];
  /** Start again although nothing has changed. */
  readonly restart: ReadonlySet<ServiceId>;
  /** Make a new container although the definition is the same. */
  readonly recreate: ReadonlySet<ServiceId>;
  /** A connection asked for it, not a command. */
  readonly woken: boolean;
}

export type Admission = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly failure: Failure };

/** Whether a service is up as wanted, so that nothing is to be done. */
function isKept(entry: ServiceEntry | undefined, spec: ServiceSpec, change: DesiredChange): boolean {
  if (!entry || change.recreate.has(idOf(spec)) || change.restart.has(idOf(spec))) return false;
  const state = entry.state;
  switch (state.kind) {
    case 'running':
      return state.hash === spec.configHash && within(spec, state.grant);
    case 'completed':
      return state.hash === spec.configHash;
    // queued is planned anew: it may wait for room that was not promised to it.
    case 'pending':
    case 'starting':
    case 'backoff':
      return isWanted(entry) && entry.spec.configHash === spec.configHash;
    default:
      return false;
  }
}

/** I3 of docs/design/memory.md, "Invariants": standard ≤ grant ≤ maximum. */
function within(spec: ServiceSpec, grant: Bytes): boolean {
  return grant >= spec.memory.standard && grant <= spec.memory.maximum;
}

/**
 * The plan for a change set, or the refusal, without side effects (docs/memory.md, "When a service is to start").
 *   0 the host has memory for what starts
 *   1 free = B − Σ of what everything else is committed to; Σ standard of what starts ≤ free
 *   2 else bursts are shrunk and services put to sleep, as few as will do; where that is not enough: refused, nothing is
 *     stopped, nothing started
 *   3 each gets its standard; what is left goes to the highest priority first, up to its maximum
 */
export function planFor(world: World, change: DesiredChange, policy: Policy, now: Ms): Admission {
  const plan = attempt(world, change, policy, now);
  return typeof plan === 'function' ? { ok: false, failure: plan() } : { ok: true, plan };
}

/** The plan, or a function that makes its refusal: to explain costs more than to find out, and most waiting requests are tried again. */
export function attempt(world: World, change: DesiredChange, policy: Policy, now: Ms): Plan | (() => Failure) {
  const starts = change.up.filter(spec => !isKept(world.services.get(idOf(spec)), spec, change));
  const starting = new Set(starts.map(idOf));
  const stopping = new Set(change.stops);
  const others = committedBut(world, id => starting.has(id) || stopping.has(id)) + reclaimed(world, change, starting);
  const free = policy.budget - others;
  const need = starts.reduce((sum, spec) => sum + spec.memory.standard, 0);
  const short = starts.length > 0 ? scarce(world, starts, need, policy, now) : null;
  if (short) return () => short;
  const relief = starts.length > 0 && need > free ? reliefFor(world, change, starts, need - free, policy, now) : NO_RELIEF;
  if (relief === null) return () => overBudget(world, starts, stopping, need, free, policy, now);
  const evicts = relief.stops;
  const freed = relief.shrinks.reduce((sum, { frees }) => sum + frees, 0) + committedBut(world, id => !evicts.includes(id));
  const grants = allot(starts, free + freed - need);
  return {
    starts: starts.map(spec => planned(world, spec, grants)),
    keeps: change.up.map(idOf).filter(id => !starting.has(id)),
    stops: change.stops.filter(id => {
      const entry = world.services.get(id);
      return entry !== undefined && (isActive(entry.state) || held(entry.state) > 0);
    }),
    sleeps: [],
    evicts,
    shrinks: relief.shrinks,
    budget: policy.budget,
    grantedBefore: grantedTotal(world.services.values()),
    grantedAfter: others - freed + [...grants.values()].reduce((sum, grant) => sum + grant, 0),
  };
}

const NO_RELIEF: PreemptionPlan = { shrinks: [], stops: [] };

/** What all are committed to that are not left out. */
function committedBut(world: World, isLeftOut: (id: ServiceId) => boolean): Bytes {
  let sum = 0;
  for (const [id, entry] of world.services) if (!isLeftOut(id)) sum += committed(entry);
  return sum;
}

/** What was to be stopped, still runs, and is kept after all. */
function reclaimed(world: World, change: DesiredChange, starting: ReadonlySet<ServiceId>): Bytes {
  const kept = change.up.flatMap(spec => (starting.has(idOf(spec)) ? [] : (world.services.get(idOf(spec)) ?? [])));
  return kept.reduce((sum, entry) => sum + (isWanted(entry) ? 0 : lasting(entry)), 0);
}

/** How the shortfall could be met; what the change set itself wants up is left alone. */
function reliefFor(
  world: World,
  change: DesiredChange,
  starts: readonly ServiceSpec[],
  shortfall: Bytes,
  policy: Policy,
  now: Ms,
): PreemptionPlan | null {
  const claims = starts.map(spec => ({ id: idOf(spec), priority: spec.priority }));
  const wanted = new Set(change.up.map(idOf));
  const leaving = new Set(change.stops);
  const present = memoryHoldersOf(world, now).filter(({ id }) => !leaving.has(id));
  const holdings = present.map(each => (wanted.has(each.id) ? { ...each, protectedBy: 'is part of the plan' } : each));
  return planPreemption(shortfall, claims, holdings, world.evictions, policy.relief, now);
}

/** The host has too little memory, whatever the budget says, or is under pressure; null: it has enough, or was not measured just now. */
function scarce(world: World, starts: readonly ServiceSpec[], need: Bytes, policy: Policy, now: Ms): Failure | null {
  const { pressure } = world.host;
  const { sample } = pressure;
  if (sample === null || now - sample.at > policy.pressure.longestGap) return null;
  const why = admitsNow(pressure.level) ? explainAdmission(sample, need, policy.pressure) : describe(pressure);
  if (why === null) return null;
  const names = starts.map(spec => spec.name).join(', ');
  return failure('host-memory', `${names} cannot start: ${why}. Nothing was started or stopped.`, {
    need,
    available: sample.available,
    total: sample.total,
  });
}

function planned(world: World, spec: ServiceSpec, grants: ReadonlyMap<ServiceId, Bytes>): Plan['starts'][number] {
  const id = idOf(spec);
  const entry = world.services.get(id);
  return {
    id,
    grant: grants.get(id) ?? spec.memory.standard,
    standard: spec.memory.standard,
    recreate: entry !== undefined && isActive(entry.state),
  };
}

/** Standard for each, then the rest by priority, up to the maximum; equal priorities in the order given. A service that requests its own memory gets its standard alone. */
function allot(specs: readonly ServiceSpec[], rest: Bytes): Map<ServiceId, Bytes> {
  const grants = new Map(specs.map(spec => [idOf(spec), spec.memory.standard]));
  let left = rest;
  for (const spec of [...specs].sort((a, b) => b.priority - a.priority)) {
    const more = requestsOwnMemory(spec) ? 0 : Math.min(left, spec.memory.maximum - spec.memory.standard);
    grants.set(idOf(spec), spec.memory.standard + more);
    left -= more;
  }
  return grants;
}

/** Why one service does not get the room that it was promised, or `need` bytes for which it asks. */
export function overBudgetFor(world: World, spec: ServiceSpec, policy: Policy, now: Ms, need: Bytes = spec.memory.standard): Failure {
  const free = policy.budget - committedBut(world, id => id === idOf(spec));
  return overBudget(world, [spec], new Set([idOf(spec)]), need, free, policy, now);
}

function overBudget(
  world: World,
  starts: readonly ServiceSpec[],
  stopping: ReadonlySet<ServiceId>,
  need: Bytes,
  free: Bytes,
  policy: Policy,
  now: Ms,
): Failure {
  const claims = starts.map(spec => ({ id: idOf(spec), priority: spec.priority }));
  const holdings = new Map(memoryHoldersOf(world, now).map(each => [each.id, each]));
  const whyNot = (id: ServiceId): string | null => {
    const holding = holdings.get(id);
    return holding ? whyNotEvicted(holding, claims, world.evictions, policy.relief, now) : null;
  };
  const holders = [...world.services]
    .filter(([id, entry]) => !stopping.has(id) && committed(entry) > 0)
    .map(([id, entry]) => ({
      project: entry.spec.project,
      service: entry.spec.name,
      state: shownState(entry),
      standard: entry.spec.memory.standard,
      maximum: entry.spec.memory.maximum,
      grant: committed(entry),
      workingSet: entry.samples.at(-1)?.workingSet ?? null,
      idleFor: entry.state.kind === 'running' ? Math.round(now - entry.use.lastAt) : null,
      keptBecause: whyNot(id),
    }))
    .sort((a, b) => b.grant - a.grant);
  const needs = starts.map(spec => ({ service: spec.name, standard: spec.memory.standard, maximum: spec.memory.maximum }));
  const biggest = holders[0];
  const never = need > policy.budget;
  return failure(
    'over-budget',
    `${starts.map(spec => spec.name).join(', ')} need ${formatBytes(need)}, but ${formatBytes(Math.max(0, free))} of the ${formatBytes(policy.budget)} budget are free. Nothing was started or stopped.`,
    { need, free, budget: policy.budget, needs, holders },
    [
      ...(biggest && !never ? [`laptop-dev stop ${biggest.service} -p ${biggest.project} frees ${formatBytes(biggest.grant)}`] : []),
      ...(starts.length > 1 ? ['Start fewer services, or choose a smaller profile: laptop-dev profiles'] : []),
      `Raise the budget by at least ${formatBytes(need - free)} (laptop-dev budget set), or lower memory.standard in the profile`,
    ],
  );
}
