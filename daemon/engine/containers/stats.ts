import type { ContainerDetail, ContainerSample } from '../../model/container-sample.js';
import type { Bytes } from '../../shared/bytes.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import type { EngineFacts } from '../client/facts.js';

/** The parts of GET /containers/ID/stats that are read. Docker leaves memory_stats empty for what does not run, Podman the whole answer. */
export interface EngineStats {
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly total_inactive_file?: number; readonly inactive_file?: number };
  };
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly pids_stats?: { readonly current?: number };
  /** By interface. Absent where it has the host's network. */
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>> | null;
  /** `op`: Read, Write, Total and others (cgroup v1), read and write (v2); an entry a device. */
  readonly blkio_stats?: { readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null };
  /** When it was taken, by the engine's clock. */
  readonly read?: string;
}

/** One sample, asked of the engine: 50 times the CPU of cgroup files and up to 1 s (docs/design/memory.md, "Measuring"), for where those cannot be read. */
export async function engineSample(connection: EngineConnection, id: string): Promise<ContainerSample | null> {
  try {
    const facts = await connection.facts();
    const stats = await connection.call(`stats ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) => {
      // Without one-shot Docker waits a second for a second sample.
      const options = { stream: false, 'one-shot': true, abortSignal } as const;
      return client.getContainer(id).stats(options);
    });
    const sample = mapStats(stats, facts.memoryTotal);
    return isCrossed(facts) ? uncrossed(sample) : sample;
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
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
  const takenAt = Date.parse(stats.read ?? '');
  return {
    workingSet: Math.max(0, usage - cache),
    usage,
    limit: limit && limit < memoryTotal ? limit : null,
    cpu,
    oomKills: null,
    detail: detailOf(stats),
    // Podman leaves it out, Docker has the year 1 for what does not run.
    takenAt: takenAt > 0 ? takenAt : null,
  };
}

/** Before 4.4 Podman counted at the other end of a container's interface: what it received was shown as sent (containers/podman#16618). Pure. */
export function isCrossed({ kind, version }: Pick<EngineFacts, 'kind' | 'version'>): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kind === 'podman' && (major < 4 || (major === 4 && minor < 4));
}

function uncrossed(sample: ContainerSample | null): ContainerSample | null {
  if (!sample?.detail) return sample;
  const { netIn, netOut } = sample.detail;
  return { ...sample, detail: { ...sample.detail, netIn: netOut, netOut: netIn } };
}

/** The engine's answer has no pressure in it. */
function detailOf({ pids_stats, networks, blkio_stats }: EngineStats): ContainerDetail {
  const interfaces = networks ? Object.entries(networks).flatMap(([name, each]) => (name === 'lo' ? [] : [each])) : null;
  const moved = (op: string) =>
    (blkio_stats?.io_service_bytes_recursive ?? []).reduce((sum, each) => sum + (each.op.toLowerCase() === op ? each.value : 0), 0);
  return {
    pids: pids_stats?.current ?? null,
    netIn: interfaces?.reduce((sum, { rx_bytes = 0 }) => sum + rx_bytes, 0) ?? null,
    netOut: interfaces?.reduce((sum, { tx_bytes = 0 }) => sum + tx_bytes, 0) ?? null,
    blockIn: blkio_stats ? moved('read') : null,
    blockOut: blkio_stats ? moved('write') : null,
    psi: null,
  };
}
