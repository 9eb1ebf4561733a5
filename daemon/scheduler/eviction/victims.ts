import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';

/** A service that may be stopped. */
export interface EvictionCandidate {
  readonly id: ServiceId;
  /** It is not in use: stopping it disturbs no client. */
  readonly idle: boolean;
  /** What its stop frees beyond what shrinking it would. */
  readonly frees: Bytes;
}

/**
 * The stops that free at least `need`. Among all sets that do:
 *   1 the fewest stops
 *   2 the fewest that are not idle
 *   3 the set whose last in rank comes earliest, then its last but one, and so on: no valuable service is stopped where a lesser would do
 *     (as the Kubernetes scheduler picks the node whose highest preempted priority is lowest)
 * Exact, in O(n log n). `ranked`: the first to go comes first, idle ones before the others. In rank order; null when all
 * together do not free it.
 */
export function fewestVictims(ranked: readonly EvictionCandidate[], need: Bytes): readonly EvictionCandidate[] | null {
  if (need <= 0) return [];
  const sized = ranked.toSorted((a, b) => b.frees - a.frees);
  const count = topSums(sized).findIndex(sum => sum >= need);
  if (count < 0) return null;
  const [idle, busy] = [sized.filter(isIdle), sized.filter(isBusy)];
  const [idleSums, busySums] = [topSums(idle), topSums(busy)];
  let idleCount = Math.min(count, idle.length);
  while (idleCount > 0 && (idleSums[idleCount] ?? 0) + (busySums[count - idleCount] ?? 0) < need) idleCount--;
  const chosenBusy = earliest(ranked.filter(isBusy), busy, count - idleCount, need - (idleSums[idleCount] ?? 0));
  const chosenIdle = earliest(ranked.filter(isIdle), idle, idleCount, need - total(chosenBusy));
  return [...chosenIdle, ...chosenBusy];
}

const isIdle = (candidate: EvictionCandidate) => candidate.idle;
const isBusy = (candidate: EvictionCandidate) => !candidate.idle;

function total(candidates: readonly EvictionCandidate[]): Bytes {
  return candidates.reduce((sum, { frees }) => sum + frees, 0);
}

/** At index k: the most that k stops can free. `sized`: the largest first. */
function topSums(sized: readonly EvictionCandidate[]): Bytes[] {
  const sums = [0];
  for (const { frees } of sized) sums.push((sums.at(-1) ?? 0) + frees);
  return sums;
}

/**
 * Rule 3 for a given number of stops. Starts from those that free most, and goes from the last in rank to the first: each
 * that can be replaced by the biggest one left before it, is. `ranked`, `sized`: the same candidates in both orders.
 */
function earliest(
  ranked: readonly EvictionCandidate[],
  sized: readonly EvictionCandidate[],
  count: number,
  need: Bytes,
): EvictionCandidate[] {
  const chosen = new Set(sized.slice(0, count));
  const passed = new Set<EvictionCandidate | undefined>();
  let freed = total([...chosen]);
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
