import { readFileSync } from 'node:fs';

/**
 * How many threads generate: whole cores of the container's CPU quota, but one less than the machine has, and at least one. More threads than quota are
 * throttled in the middle of a step: with one CPU, two threads make 9 tokens a second where one makes 21. And they wait for one another, spinning: where
 * something else uses one of two cores, two threads make 2 tokens a second, one makes 34. `available`: the machine's, or the process's affinity.
 */
export function cores(available: number, read: (path: string) => string | null = readOrNull): number {
  const quota = quotaOf(read);
  return Math.max(1, Math.min(available - 1, quota === null ? available : Math.floor(quota)));
}

function quotaOf(read: (path: string) => string | null): number | null {
  const [most = 'max', period = '100000'] = (read('/sys/fs/cgroup/cpu.max') ?? '').trim().split(' ');
  if (Number(most) > 0) return Number(most) / Number(period);
  const quota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? '-1');
  const per = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? '0');
  return quota > 0 && per > 0 ? quota / per : null;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
