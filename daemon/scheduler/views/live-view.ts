import type { LiveBudget, LiveService, LiveUsage } from '../../api/live.js';
import type { ServiceView } from '../../api/views.js';
import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import { useAfter } from '../activity/idle.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { pressureOrder } from '../eviction/pressure.js';
import type { Policy } from '../policy/policy.js';
import type { UseSeen } from '../state/event.js';
import { idOf, type ServiceEntry, serviceIds, type World } from '../state/world.js';
import { viewOf } from './view.js';

/** What the world does not know of services. */
export interface LiveSources {
  readonly usage: (id: ServiceId) => LiveUsage | null;
  /** A moment of the monotonic clock as ms since the epoch: the same answer each time, so that nothing seems to change. */
  readonly wallOf: (id: ServiceId, moment: Ms) => Ms;
  /** The view with the time at which running hours bring it up again: that needs the wall clock. */
  readonly withNextUp: (view: ServiceView) => ServiceView;
}

/** Countdowns are told in whole seconds: a service that waits for its end does not change with each look. */
const COUNT: Ms = 1_000;

/** The world with the uses just seen, for a look alone: nothing is decided. */
export function withUses(world: World, uses: readonly UseSeen[], now: Ms): World {
  if (uses.length === 0) return world;
  const services = new Map(world.services);
  for (const seen of uses) {
    const entry = services.get(seen.id);
    if (entry) services.set(seen.id, { ...entry, use: useAfter(entry.use, seen, now) });
  }
  return { ...world, services };
}

/**
 * All services of the snapshot, in the order of the world's. `next` is the order in which a host under hard pressure would have them stopped;
 * what is stopped for another, or under soft pressure, comes of the same order. O(n log n).
 */
export function liveServices(world: World, beside: LiveSources, policy: Pick<Policy, 'relief'>, now: Ms): LiveService[] {
  const holdings = memoryHoldersOf(world, now);
  const protectedBy = new Map(holdings.map(holding => [holding.id, holding.protectedBy]));
  const order = pressureOrder('hard', holdings, policy.relief, now);
  const next = new Map(order.map(({ id, grant }, index) => [id, { rank: index + 1, frees: grant }]));
  const pinned = new Set([...world.leases.values()].flatMap(lease => (lease.holder === 'pin' ? serviceIds(lease) : [])));
  return [...world.services].map(([id, entry]) => ({
    ...shown(world, entry, beside, now),
    next: next.get(id) ?? null,
    protectedBy: protectedBy.get(id) ?? null,
    pinned: pinned.has(id),
  }));
}

function shown(world: World, entry: ServiceEntry, { usage, wallOf, withNextUp }: LiveSources, now: Ms) {
  const id = idOf(entry.spec);
  const { state, address, use } = entry;
  const isRunning = state.kind === 'running';
  const view = withNextUp(viewOf(world, entry, now));
  const used = isRunning ? usage(id) : null;
  return {
    ...view,
    id,
    memory: { ...view.memory, workingSet: used?.workingSet ?? null },
    stopsIn: view.stopsIn === null ? null : Math.ceil(view.stopsIn / COUNT) * COUNT,
    usage: used,
    connections: use.connections,
    since: isRunning ? wallOf(id, state.since) : null,
    address: isRunning ? (address?.ip ?? null) : null,
  };
}

/** Sums over those that hold a grant. */
export function liveBudget(budget: number, services: readonly LiveService[]): LiveBudget {
  const sums = { granted: 0, standard: 0, workingSet: 0 };
  for (const { memory } of services) {
    if (memory.grant === 0) continue;
    sums.granted += memory.grant;
    sums.standard += memory.standard;
    sums.workingSet += memory.workingSet ?? 0;
  }
  return { budget, ...sums };
}
