import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { FailureError } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE, within } from '../client/deadline.js';
import { apiAtLeast } from '../client/facts.js';
import { kernelLimit } from '../containers/kernel-limit.js';
import { type ContainerLimits, limitStands } from '../mapping/limits.js';
import { mapInspect } from '../mapping/map-inspect.js';

/** Of OCI's LinuxResources, what a service has limits for. */
interface Resources {
  readonly memory: { readonly limit: Bytes; readonly swap: Bytes; readonly reservation?: Bytes };
  readonly cpu?: { readonly shares?: number; readonly quota?: number; readonly period?: number; readonly cpus?: string };
  readonly pids?: { readonly limit: number };
}

/**
 * Changes a limit through Podman's own API, which has it since 4.3; the Docker-compatible one since 5.1. Fails with limit-not-applied
 * before anything is changed where the change could not be seen afterwards.
 */
export async function podmanUpdate(connection: EngineConnection, id: string, limit: Bytes): Promise<void> {
  const { version } = await connection.facts();
  const raw = await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  const mapped = mapInspect(raw);
  const inForce = mapped.pid === null ? null : kernelLimit(mapped.id, mapped.pid);
  const obstacle = podmanObstacle(version, mapped.pid !== null, inForce !== null);
  if (obstacle) {
    const seen = { ...mapped, limit: inForce ?? mapped.limit };
    throw new FailureError(limitStands(seen, limit, `${seen.name}: ${obstacle}; its limit stays ${formatBytes(seen.limit)}`));
  }
  const path = `/v4.3.0/libpod/containers/${id}/update`;
  const query = { ...podmanResourcesOf(raw.HostConfig, limit) };
  await within(`update ${id.slice(0, 12)}`, DEADLINE.slow, signal => connection.raw({ method: 'POST', path, query, signal }));
}

/**
 * Why this Podman cannot change a limit, in words; null: it can. Before 5.1 a change is made in the kernel alone: a stopped container has
 * no place for it, and neither inspect nor stats show it (seen in 4.3; PR 22322 of Podman made it last). `visible`: the kernel's figure
 * can be read here. Pure.
 */
export function podmanObstacle(version: string, running: boolean, visible: boolean): string | null {
  if (!apiAtLeast(version, '4.3')) return `Podman ${version} cannot change the limit of a container (4.3 can)`;
  if (apiAtLeast(version, '5.1')) return null;
  if (!running) return `Podman ${version} changes the limits of running containers only (5.1 those of stopped ones too)`;
  return visible ? null : `Podman ${version} runs on another machine and does not tell whether a limit was changed (5.1 does)`;
}

/** All limits, not only the one that changes: Podman 5.1 to 5.3 reset those that are left out (its issue 24610). Pure. */
export function podmanResourcesOf(limits: ContainerLimits & { readonly CpusetCpus?: string | undefined }, limit: Bytes): Resources {
  const { MemoryReservation, CpuShares, CpuQuota, CpuPeriod, CpusetCpus, PidsLimit } = limits;
  const cpu = {
    ...(CpuShares ? { shares: CpuShares } : {}),
    ...(CpuQuota && CpuPeriod ? { quota: CpuQuota, period: CpuPeriod } : {}),
    ...(CpusetCpus ? { cpus: CpusetCpus } : {}),
  };
  return {
    memory: { limit, swap: limit, ...(MemoryReservation ? { reservation: Math.min(MemoryReservation, limit) } : {}) },
    ...(Object.keys(cpu).length > 0 ? { cpu } : {}),
    ...(PidsLimit && PidsLimit > 0 ? { pids: { limit: PidsLimit } } : {}),
  };
}
