import { type Bytes, formatBytes } from './bytes.js';
import type { Plan } from './event.js';
import { type Failure, failure } from './failure.js';
import type { ServiceId, ServiceSpec } from './model.js';
import type { Policy } from './policy.js';
import { held, isActive } from './service-state.js';
import { shownState } from './view.js';
import { grantedTotal, idOf, isWanted, type ServiceEntry, type World } from './world.js';

/** What an action wants to be so: these up (with these definitions), those not. */
export interface Wish {
  readonly up: readonly ServiceSpec[];
  readonly stops: readonly ServiceId[];
  /** Start again although nothing has changed. */
  readonly restart: ReadonlySet<ServiceId>;
  /** Make a new container although the definition is the same. */
  readonly recreate: ReadonlySet<ServiceId>;
  /** Nobody asked for it in words: a connection did. */
  readonly woken: boolean;
}

export type Admission = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly failure: Failure };

/** Whether a service is up as wanted, so that nothing is to be done. */
function isKept(entry: ServiceEntry | undefined, spec: ServiceSpec, wish: Wish): boolean {
  if (!entry || wish.recreate.has(idOf(spec)) || wish.restart.has(idOf(spec))) return false;
  const state = entry.state;
  switch (state.kind) {
    case 'running':
      return state.hash === spec.configHash && within(spec, state.grant);
    case 'completed':
      return state.hash === spec.configHash;
    // queued is planned anew: it may wait for room that nobody promised it.
    case 'pending':
    case 'starting':
    case 'backoff':
      return isWanted(entry) && entry.spec.configHash === spec.configHash;
    default:
      return false;
  }
}

/** I3: standard ≤ grant ≤ maximum. */
function within(spec: ServiceSpec, grant: Bytes): boolean {
  return grant >= spec.memory.standard && grant <= spec.memory.maximum;
}

/** What an entry is committed to hold once everything that is decided has been done. */
function committed(entry: ServiceEntry): Bytes {
  if (!isWanted(entry)) return 0;
  const { state } = entry;
  if (state.kind === 'queued') return state.grant;
  if (state.kind === 'starting') return state.next ?? state.grant;
  if (state.kind === 'stopping') return state.after.kind === 'restart' ? state.after.grant : 0;
  return held(state);
}

/**
 * The plan for a wish, or the refusal, without side effects.
 *   1 free = B − Σ of what everything else is committed to
 *   2 Σ standard of what starts ≤ free, else refused: nothing is stopped, nothing started
 *   3 each gets its standard; what is left goes to the highest priority first, up to its maximum
 */
export function planFor(world: World, wish: Wish, policy: Policy): Admission {
  const starts = wish.up.filter(spec => !isKept(world.services.get(idOf(spec)), spec, wish));
  const starting = new Set(starts.map(idOf));
  const stopping = new Set(wish.stops);
  let others = 0;
  for (const [id, entry] of world.services) if (!starting.has(id) && !stopping.has(id)) others += committed(entry);
  const free = policy.budget - others;
  const need = starts.reduce((sum, spec) => sum + spec.memory.standard, 0);
  if (starts.length > 0 && need > free) return { ok: false, failure: overBudget(world, starts, stopping, need, free, policy) };
  const grants = allot(starts, free - need);
  return {
    ok: true,
    plan: {
      starts: starts.map(spec => planned(world, spec, grants)),
      keeps: wish.up.map(idOf).filter(id => !starting.has(id)),
      stops: wish.stops.filter(id => {
        const entry = world.services.get(id);
        return entry !== undefined && (isActive(entry.state) || held(entry.state) > 0);
      }),
      sleeps: [],
      budget: policy.budget,
      grantedBefore: grantedTotal(world.services.values()),
      grantedAfter: others + [...grants.values()].reduce((sum, grant) => sum + grant, 0),
    },
  };
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

/** Standard for each, then the rest by priority, up to the maximum; equal priorities in the order given. */
function allot(specs: readonly ServiceSpec[], rest: Bytes): Map<ServiceId, Bytes> {
  const grants = new Map(specs.map(spec => [idOf(spec), spec.memory.standard]));
  let left = rest;
  for (const spec of [...specs].sort((a, b) => b.priority - a.priority)) {
    const more = Math.min(left, spec.memory.maximum - spec.memory.standard);
    grants.set(idOf(spec), spec.memory.standard + more);
    left -= more;
  }
  return grants;
}

function overBudget(
  world: World,
  starts: readonly ServiceSpec[],
  stopping: ReadonlySet<ServiceId>,
  need: Bytes,
  free: Bytes,
  policy: Policy,
): Failure {
  const holders = [...world.services]
    .filter(([id, entry]) => !stopping.has(id) && committed(entry) > 0)
    .map(([, entry]) => ({
      project: entry.spec.project,
      service: entry.spec.name,
      state: shownState(entry),
      ...entry.spec.memory,
      grant: committed(entry),
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
      `Raise the budget by at least ${formatBytes(need - free)}: LAPTOP_DEV_BUDGET, then laptop-dev daemon stop; or lower memory.standard in the profile`,
    ],
  );
}
