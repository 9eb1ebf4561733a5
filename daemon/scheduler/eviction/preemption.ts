import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { formatSpan } from '../../shared/span.js';
import { type EvictionCandidate, fewestVictims } from './victims.js';

/** A service that is to get memory. */
export interface MemoryClaim {
  readonly id: ServiceId;
  readonly priority: number;
}

/** A service that holds memory now. */
export interface MemoryHolder {
  readonly id: ServiceId;
  readonly priority: number;
  readonly standard: Bytes;
  readonly grant: Bytes;
  /** Null: not measured. */
  readonly workingSet: Bytes | null;
  /** The highest working set of the last 60 s; null: not measured. */
  readonly peak: Bytes | null;
  /** The last byte on a connection, exec session or CPU work. */
  readonly lastUseAt: Ms;
  /** Running since. */
  readonly since: Ms;
  /** Its own idle time; null: it is never stopped for being idle. */
  readonly idle: Ms | null;
  readonly frozen: boolean;
  /** Its limit can be lowered now: it is measured, and no shrink of it was refused in the last 60 s. */
  readonly shrinkable: boolean;
  /** Why it must never be stopped (pinned, leased, an open transaction, starting, dependants), in a sentence; null: it may be. */
  readonly protectedBy: string | null;
}

/** `victim` was stopped so that `by` could start. */
export interface Eviction {
  readonly victim: ServiceId;
  readonly by: ServiceId;
  readonly at: Ms;
}

export interface Shrink {
  readonly id: ServiceId;
  /** The new hard limit. */
  readonly to: Bytes;
  readonly frees: Bytes;
}

export interface PreemptionPlan {
  readonly shrinks: readonly Shrink[];
  /** In the order of their rank. */
  readonly stops: readonly ServiceId[];
}

/** The figures of docs/memory.md, "When a service is to start". */
export interface PreemptionPolicy {
  /** A limit is not lowered below this multiple of the recent peak. */
  readonly clawMargin: number;
  /** A limit is lowered only where the working set is below this share of the new one. */
  readonly shrinkBelow: number;
  /** What runs for less than this is not stopped. */
  readonly minUptime: Ms;
  /** Of equal priority, only what is unused for this long is stopped. */
  readonly equalIdle: Ms;
  /** Two services that evicted each other this often inside `thrashWindow` do not fit together: the incumbent stays. */
  readonly thrashLimit: number;
  readonly thrashWindow: Ms;
}

export const DEFAULT_PREEMPTION: PreemptionPolicy = {
  clawMargin: 1.25,
  shrinkBelow: 0.8,
  minUptime: 120_000,
  equalIdle: 60_000,
  thrashLimit: 3,
  thrashWindow: 600_000,
};

/** The claims, as the judgement of one holder needs them. */
interface Contenders {
  readonly ids: ReadonlySet<ServiceId>;
  readonly priority: number;
  /** By holder: the claim that it has evicted, or was evicted by, too often. */
  readonly thrashing: ReadonlyMap<ServiceId, ServiceId>;
}

/**
 * How `shortfall` bytes of grants become free for the claims (docs/memory.md, "When a service is to start"), without side effects:
 *   a bursts are shrunk, lowest priority first, only as much as is needed
 *   b, c and where that is not enough, the fewest services are stopped, given that all others may be shrunk (see victims)
 * The highest priority among the claims counts for all of them. Claims that hold memory themselves are left alone.
 * Null: it cannot be met, and nothing is to be done.
 */
export function planPreemption(
  shortfall: Bytes,
  claims: readonly MemoryClaim[],
  holdings: readonly MemoryHolder[],
  evictions: readonly Eviction[],
  policy: PreemptionPolicy,
  now: Ms,
): PreemptionPlan | null {
  if (shortfall <= 0) return { shrinks: [], stops: [] };
  const contenders = contendersOf(claims, evictions, policy, now);
  const others = holdings.filter(holding => !contenders.ids.has(holding.id));
  const burst = others.reduce((sum, holding) => sum + surplus(holding, policy), 0);
  if (burst >= shortfall) return { shrinks: shrinkBursts(shortfall, others, policy), stops: [] };
  const evictable = others.filter(holding => keptBy(holding, contenders, policy, now) === null).sort(byRank(now));
  const victims = fewestVictims(
    evictable.map((holding): EvictionCandidate => {
      return { id: holding.id, idle: isIdle(holding, now), frees: holding.grant - surplus(holding, policy) };
    }),
    shortfall - burst,
  );
  if (!victims) return null;
  const stops = new Set(victims.map(victim => victim.id));
  const freed = evictable.reduce((sum, { id, grant }) => sum + (stops.has(id) ? grant : 0), 0);
  const survivors = others.filter(holding => !stops.has(holding.id));
  return { shrinks: shrinkBursts(shortfall - freed, survivors, policy), stops: [...stops] };
}

/** Lowers limits until `wanted` bytes are free or nothing more can be lowered (Infinity: all that can). Lowest priority first, then the largest surplus. */
export function shrinkBursts(wanted: Bytes, holdings: readonly MemoryHolder[], policy: PreemptionPolicy): readonly Shrink[] {
  if (wanted <= 0) return [];
  const givers = holdings
    .map(holding => ({ holding, most: surplus(holding, policy) }))
    .filter(({ most }) => most > 0)
    .sort((a, b) => a.holding.priority - b.holding.priority || b.most - a.most || byId(a.holding, b.holding));
  const shrinks: Shrink[] = [];
  let left = wanted;
  for (const { holding, most } of givers) {
    if (left <= 0) break;
    const frees = Math.min(most, left);
    shrinks.push({ id: holding.id, to: holding.grant - frees, frees });
    left -= frees;
  }
  return shrinks;
}

/**
 * How much a limit can be lowered: to the standard or 1.25 × the recent peak, whichever is more, and only so far that the
 * working set stays below 0.8 × the new limit. cgroup v2 kills where v1 refuses, so the rule is one (docs/design/memory.md, "Limits").
 */
function surplus({ shrinkable, workingSet, peak, standard, grant }: MemoryHolder, policy: PreemptionPolicy): Bytes {
  if (!shrinkable || workingSet === null || peak === null) return 0;
  const least = Math.max(standard, Math.ceil(policy.clawMargin * peak), Math.floor(workingSet / policy.shrinkBelow) + 1);
  return Math.max(0, grant - least);
}

/** The order in which services are stopped: idle, low priority, much above the standard, least recently used. A total order. */
export function byRank(now: Ms): (a: MemoryHolder, b: MemoryHolder) => number {
  return (a, b) =>
    Number(isIdle(b, now)) - Number(isIdle(a, now)) ||
    a.priority - b.priority ||
    excess(b) - excess(a) ||
    a.lastUseAt - b.lastUseAt ||
    byId(a, b);
}

/** What is not measured counts as at its standard. */
function excess({ workingSet, standard }: MemoryHolder): Bytes {
  return workingSet === null ? 0 : workingSet - standard;
}

function byId(a: MemoryHolder, b: MemoryHolder): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Frozen, or unused for its own idle time. */
export function isIdle(holding: MemoryHolder, now: Ms): boolean {
  return holding.frozen || isPastIdle(holding, now);
}

function isPastIdle(holding: MemoryHolder, now: Ms): boolean {
  return holding.idle !== null && unusedFor(holding, now) >= holding.idle;
}

/** A start counts as use. */
function unusedFor({ lastUseAt, since }: MemoryHolder, now: Ms): Ms {
  return now - Math.max(lastUseAt, since);
}

function contendersOf(claims: readonly MemoryClaim[], evictions: readonly Eviction[], policy: PreemptionPolicy, now: Ms): Contenders {
  const ids = new Set(claims.map(claim => claim.id));
  const times = new Map<string, number>();
  const thrashing = new Map<ServiceId, ServiceId>();
  for (const { victim, by, at } of evictions) {
    if (now - at >= policy.thrashWindow || ids.has(victim) === ids.has(by)) continue;
    const [claim, incumbent] = ids.has(by) ? [by, victim] : [victim, by];
    const count = (times.get(`${claim} ${incumbent}`) ?? 0) + 1;
    times.set(`${claim} ${incumbent}`, count);
    if (count >= policy.thrashLimit) thrashing.set(incumbent, claim);
  }
  return { ids, priority: Math.max(...claims.map(claim => claim.priority)), thrashing };
}

type Reason = 'claims' | 'protected' | 'young' | 'thrashing' | 'higher' | 'recent';

function keptBy(holding: MemoryHolder, contenders: Contenders, policy: PreemptionPolicy, now: Ms): Reason | null {
  if (contenders.ids.has(holding.id)) return 'claims';
  if (holding.protectedBy !== null) return 'protected';
  if (isYoung(holding, policy, now)) return 'young';
  if (contenders.thrashing.has(holding.id)) return 'thrashing';
  if (isIdle(holding, now) || holding.priority < contenders.priority) return null;
  if (holding.priority > contenders.priority) return 'higher';
  return unusedFor(holding, now) < policy.equalIdle ? 'recent' : null;
}

/** Up too short to be stopped again; what was frozen and is past its idle time too has had its turn. */
export function isYoung(holding: MemoryHolder, policy: PreemptionPolicy, now: Ms): boolean {
  return now - holding.since < policy.minUptime && !(holding.frozen && isPastIdle(holding, now));
}

/** Why a holding is not stopped for these claims, as the end of a sentence that begins with its name; null: it may be. */
export function whyNotEvicted(
  holding: MemoryHolder,
  claims: readonly MemoryClaim[],
  evictions: readonly Eviction[],
  policy: PreemptionPolicy,
  now: Ms,
): string | null {
  const contenders = contendersOf(claims, evictions, policy, now);
  switch (keptBy(holding, contenders, policy, now)) {
    case 'claims':
      return 'the memory is for it';
    case 'protected':
      return holding.protectedBy;
    case 'young':
      return `up for ${formatSpan(now - holding.since)} of ${formatSpan(policy.minUptime)}`;
    case 'thrashing':
      return `it and ${contenders.thrashing.get(holding.id)} have evicted each other ${policy.thrashLimit} times in ${formatSpan(policy.thrashWindow)}`;
    case 'higher':
      return claims.length === 0 ? 'in use' : `of higher priority (${holding.priority})`;
    case 'recent':
      return `used ${formatSpan(unusedFor(holding, now))} ago, and of equal priority (${holding.priority})`;
    case null:
      return null;
  }
}
