import type { Bytes } from '../core/bytes.js';
import type { ContainerSample } from '../ports.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { statusOf } from './engine-failure.js';

/** The parts of GET /containers/ID/stats that are read. Docker leaves memory_stats empty for what does not run, Podman the whole answer. */
export interface EngineStats {
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly total_inactive_file?: number; readonly inactive_file?: number };
  };
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
}

/** One sample, asked of the engine: 50 times the CPU of cgroup files and up to 1 s (facts/usage.md), for where those cannot be read. */
export async function engineSample(connection: Connection, id: string): Promise<ContainerSample | null> {
  try {
    const { memoryTotal } = await connection.facts();
    const stats = await connection.call(`stats ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) => {
      // Without one-shot Docker waits a second for a second sample.
      const options = { stream: false, 'one-shot': true, abortSignal } as const;
      return client.getContainer(id).stats(options);
    });
    return mapStats(stats, memoryTotal);
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * `memoryTotal`: of the engine's machine, which it shows as the limit of a container that has none. Podman names no cache, so its working
 * set is the usage as it shows it; neither counts OOM kills. Pure.
 */
export function mapStats(stats: EngineStats, memoryTotal: Bytes): ContainerSample | null {
  const { usage, limit, stats: parts } = stats.memory_stats ?? {};
  const cpu = stats.cpu_stats?.cpu_usage?.total_usage;
  if (usage === undefined || cpu === undefined) return null;
  const cache = parts?.total_inactive_file ?? parts?.inactive_file ?? 0;
  return { workingSet: Math.max(0, usage - cache), limit: limit && limit < memoryTotal ? limit : null, cpu, oomKills: null };
}
