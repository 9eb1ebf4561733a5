import type { ContainerSpec } from '../../../model/spec.js';
import type { Bytes } from '../../../shared/bytes.js';
import type { Cursor } from '../tree/cursor.js';
import { warnUnsupported } from './unsupported.js';

/** The resource limits of a service, from its own keys and from deploy.resources. */
export interface ResourceLimits {
  readonly memoryLimit: Bytes | null;
  readonly memoryReservation: Bytes | null;
  /** Cores. */
  readonly cpus: number | null;
  readonly cpuset: string | null;
  readonly cpuShares: number | null;
  readonly pidsLimit: number | null;
  readonly shmSize: Bytes | null;
  readonly oomScoreAdj: number | null;
}

export function resourceLimitsOf(service: Cursor): ResourceLimits {
  const resources = service.get('deploy')?.get('resources') ?? null;
  const limits = resources?.get('limits') ?? null;
  const reservations = resources?.get('reservations') ?? null;
  if (limits !== null) warnUnsupported(limits, ['memory', 'cpus', 'pids']);
  if (reservations !== null) warnUnsupported(reservations, ['memory', 'devices']);
  const bytes = (cursor: Cursor) => cursor.bytes();
  const memoryLimit = either(service.get('mem_limit'), limits?.get('memory') ?? null, bytes);
  const memoryReservation = either(service.get('mem_reservation'), reservations?.get('memory') ?? null, bytes);
  if (memoryLimit !== null && memoryReservation !== null && memoryReservation > memoryLimit) {
    const at = service.get('mem_reservation') ?? reservations?.get('memory') ?? service;
    at.error(`the reservation of ${memoryReservation} bytes is above the limit of ${memoryLimit} bytes`);
  }
  return {
    memoryLimit: memoryLimit === 0 ? null : memoryLimit,
    memoryReservation: memoryReservation === 0 ? null : memoryReservation,
    cpus: cpusOf(service, limits),
    cpuset: cpusetOf(service.get('cpuset')),
    cpuShares: service.get('cpu_shares')?.integer(0) ?? null,
    pidsLimit: unlimited(either(service.get('pids_limit'), limits?.get('pids') ?? null, at => at.integer(-1))),
    shmSize: service.get('shm_size')?.bytes() ?? null,
    oomScoreAdj: service.get('oom_score_adj')?.integer(-1000, 1000) ?? null,
  };
}

/** A limit that is set both ways must have one value. */
function either(own: Cursor | null, deployed: Cursor | null, read: (cursor: Cursor) => number | null): number | null {
  const value = own === null ? null : read(own);
  const other = deployed === null ? null : read(deployed);
  if (own !== null && deployed !== null && value !== null && other !== null && value !== other) {
    const { file } = deployed.location.source;
    own.error(
      `${own.tree.kind === 'scalar' ? own.tree.text : value} differs from ${deployed.path}, ${deployed.text()} at ${file}:${deployed.location.line}`,
      {
        expected: 'one of the two, or the same in both',
      },
    );
  }
  return value ?? other;
}

function cpusOf(service: Cursor, limits: Cursor | null): number | null {
  const cores = (at: Cursor): number | null => {
    const value = at.number('a number of cores, as 1.5');
    if (value !== null && value < 0) at.error(`${value} is less than nothing`, { expected: 'a number of cores, as 1.5' });
    return value;
  };
  const cpus = either(service.get('cpus'), limits?.get('cpus') ?? null, cores);
  if (cpus !== null) return cpus > 0 ? cpus : null;
  const quota = service.get('cpu_quota')?.integer(-1) ?? null;
  // The kernel's default period is 100 ms.
  const period = service.get('cpu_period')?.integer(0) || 100_000;
  return quota === null || quota <= 0 ? null : quota / period;
}

function cpusetOf(cursor: Cursor | null): string | null {
  const text = cursor?.text() ?? null;
  if (cursor !== null && text !== null && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text))
    cursor.error(`"${text}" is not a set of CPUs`, { expected: '0-3 or 0,2' });
  return text;
}

/** 0 and -1 both mean no limit. */
function unlimited(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}

/** ulimits: one number for both, or soft and hard; -1 is unlimited. */
export function ulimitsOf(cursor: Cursor | null): ContainerSpec['ulimits'] {
  return (cursor?.entries() ?? []).flatMap(([name, at]) => {
    const soft = (at.isMap ? at.get('soft') : at)?.integer(-1) ?? null;
    const hard = (at.isMap ? at.get('hard') : at)?.integer(-1) ?? null;
    if (at.isMap && (soft === null || hard === null)) at.error('lacks soft or hard', { expected: 'both' });
    if (soft === null || hard === null) return [];
    if (hard !== -1 && (soft > hard || soft === -1)) at.error(`the soft limit ${soft} is above the hard limit ${hard}`);
    return [{ name, soft, hard }];
  });
}
