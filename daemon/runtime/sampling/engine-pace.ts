import type { LiveUsage } from '../../api/live.js';
import type { ServiceEntry } from '../../scheduler/state/world.js';
import { MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';

/** How often the engine is asked, which takes up to a second for an answer, where cgroup files cannot be read. */
export const ENGINE_EVERY = { watched: 5_000, alone: 15_000 };
/** Rounds come by a timer that is early or late. */
const TOLERANCE: Ms = ENGINE_EVERY.watched / 2;
/** Within these the figures of a service stand still. CPU in % of one core, traffic in bytes a second. */
const STILL = { workingSet: MiB, share: 0.02, cpu: 1, traffic: 1_024 };

/**
 * Which services the engine is asked about in a round for watchers: those that moved or were used, each time; those that stand still as often as
 * while nobody watches. An answer costs the engine and us 3 to 5 ms of CPU (BENCHMARKS.md, Looking).
 */
export class EnginePace {
  private readonly still = new Map<string, Ms>();

  isDue(container: string, { use }: Pick<ServiceEntry, 'use'>, now: Ms): boolean {
    const since = this.still.get(container);
    if (since === undefined || now - since >= ENGINE_EVERY.alone - TOLERANCE) return true;
    return use.lastAt > since;
  }

  /** `at`: when it was asked. */
  answered(container: string, at: Ms, before: LiveUsage | null, after: LiveUsage | null): void {
    if (before && after && isStill(before, after)) this.still.set(container, at);
    else this.still.delete(container);
  }

  forget(container: string): void {
    this.still.delete(container);
  }
}

/** Pure. */
function isStill(before: LiveUsage, after: LiveUsage): boolean {
  const moved = Math.abs(after.workingSet - before.workingSet);
  const traffic = (after.netIn ?? 0) + (after.netOut ?? 0) + (after.blockIn ?? 0) + (after.blockOut ?? 0);
  const isSteady = moved <= Math.max(STILL.workingSet, STILL.share * before.workingSet);
  return isSteady && after.cpu !== null && after.cpu <= STILL.cpu && traffic <= STILL.traffic;
}
