import type { Bytes } from './bytes.js';
import type { ServiceId } from './model.js';

/** A service that may be stopped. */
export interface Candidate {
  readonly id: ServiceId;
  /** Nobody uses it: stopping it disturbs nobody. */
  readonly idle: boolean;
  /** What its stop frees beyond what shrinking it would. */
  readonly frees: Bytes;
}

/**
 * The stops that free at least `need`. Among all sets that do:
 *   1 the fewest stops
 *   2 the fewest that are not idle
 *   3 the set whose last in rank comes earliest, then its last but one, and so on: nobody valuable goes where a lesser would do
 *     (as the Kubernetes scheduler picks the node whose highest preempted priority is lowest)
 * Exact, in O(n log n). `ranked`: the first to go comes first, idle ones before the others. In rank order; null when all
 * together do not free it.
 */
export function fewestVictims(ranked: readonly Candidate[], need: Bytes): readonly Candidate[] | null {
  if (need <= 0) return [];
  const count = topSums(ranked).findIndex(sum => sum >= need);
  if (count < 0) return null;
  const idle = ranked.filter(candidate => candidate.idle);
  const busy = ranked.filter(candidate => !candidate.idle);
  const idleSums = topSums(idle);
  const busySums = topSums(busy);
  let idleCount = Math.min(count, idle.length);
  while (idleCount > 0 && (idleSums[idleCount] ?? 0) + (busySums[count - idleCount] ?? 0) < need) idleCount--;
  const chosenBusy = earliest(busy, count - idleCount, need - (idleSums[idleCount] ?? 0));
  const chosenIdle = earliest(idle, idleCount, need - chosenBusy.reduce((sum, { frees }) => sum + frees, 0));
  return [...chosenIdle, ...chosenBusy];
}

/** At index k: the most that k stops can free. */
function topSums(candidates: readonly Candidate[]): Bytes[] {
  const sums = [0];
  for (const { frees } of bySize(candidates)) sums.push((sums.at(-1) ?? 0) + frees);
  return sums;
}

function bySize(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) => b.frees - a.frees);
}

/**
 * Rule 3 for a given number of stops. Starts from those that free most, and goes from the last in rank to the first: each
 * that can be replaced by the biggest one left before it, is.
 */
function earliest(ranked: readonly Candidate[], count: number, need: Bytes): Candidate[] {
  const sized = bySize(ranked);
  const chosen = new Set(sized.slice(0, count));
  const passed = new Set<Candidate | undefined>();
  let freed = sized.slice(0, count).reduce((sum, { frees }) => sum + frees, 0);
  let next = count;
  for (const candidate of ranked.toReversed()) {
    passed.add(candidate);
    if (!chosen.has(candidate)) continue;
    while (passed.has(sized[next])) next++;
    const instead = sized[next];
    if (!instead || freed - candidate.frees + instead.frees < need) continue;
    chosen.delete(candidate);
    chosen.add(instead);
    freed += instead.frees - candidate.frees;
    next++;
  }
  return ranked.filter(candidate => chosen.has(candidate));
}
