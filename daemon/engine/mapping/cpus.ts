import { FailureError, failure } from '../../shared/failure.js';

/** A quota in nano-CPUs. An engine refuses more cores than there are; a quota above them limits nothing, so it is cut to them. */
export function cpuQuota(cores: number, available: number): number {
  return Math.round(Math.min(cores, available) * 1e9);
}

/**
 * The part of a cpuset (`0-3,5`) that this machine has: a file written for eight cores still runs on four, on those of the
 * named ones that exist. None left, or not a cpuset: config-invalid.
 */
export function usableCpus(cpuset: string, available: number, service: string): string {
  const named = parseCpuset(cpuset);
  const usable = named?.filter(cpu => cpu < available);
  if (!usable || usable.length === 0) {
    throw new FailureError(
      failure('config-invalid', `${service}: cpuset "${cpuset}" names no CPU of this machine, which has 0-${available - 1}`, {
        service,
        cpuset,
        available,
      }),
    );
  }
  return usable.length === named?.length ? cpuset : usable.join(',');
}

/** Null when the text is not a cpuset. */
function parseCpuset(text: string): number[] | null {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    for (let cpu = first; cpu <= Number(match[2] ?? first); cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
