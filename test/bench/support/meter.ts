import type { ServiceView } from '../../../daemon/api/views.js';
import { MiB } from '../../../daemon/shared/bytes.js';

/** Between two looks, ms. */
const STEP = 250;

/** Memory over a time: the integral in MB × ms by service, and the most at one moment in MB. */
export interface Metered {
  readonly workingSet: ReadonlyMap<string, number>;
  readonly grant: ReadonlyMap<string, number>;
  readonly peakWorkingSet: number;
  readonly peakGrant: number;
}

/** Looks every 250 ms at what the services use and are granted, until the time is over. */
export async function meter(look: () => Promise<readonly ServiceView[]>, duration: number): Promise<Metered> {
  const workingSet = new Map<string, number>();
  const grant = new Map<string, number>();
  let [peakWorkingSet, peakGrant] = [0, 0];
  const begin = performance.now();
  for (let last = begin; last - begin < duration; ) {
    const views = await look();
    await new Promise(resolve => setTimeout(resolve, STEP));
    const now = performance.now();
    const used = views.map(({ name, memory }) => [name, (memory.workingSet ?? 0) / MiB] as const);
    const granted = views.map(({ name, memory }) => [name, memory.grant / MiB] as const);
    for (const [name, mb] of used) workingSet.set(name, (workingSet.get(name) ?? 0) + mb * (now - last));
    for (const [name, mb] of granted) grant.set(name, (grant.get(name) ?? 0) + mb * (now - last));
    peakWorkingSet = Math.max(peakWorkingSet, sum(used));
    peakGrant = Math.max(peakGrant, sum(granted));
    last = now;
  }
  return { workingSet, grant, peakWorkingSet, peakGrant };
}

export function sum(pairs: Iterable<readonly [string, number]>): number {
  return [...pairs].reduce((total, [, value]) => total + value, 0);
}
