import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * How often the kernel has killed a process of this container at its limit: `oom_kill` in memory.events (v2) or memory.oom_control
 * (v1). Null when it cannot be read: the container has ended, or runs on another machine. `root`: prefix of /proc and /sys, for tests.
 */
export function oomKills(containerId: string, pid: number, root = ''): number | null {
  try {
    const file = counterFile(readFileSync(`${root}/proc/${pid}/cgroup`, 'utf8'), containerId);
    if (file === null) return null;
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(`${root}/sys/fs/cgroup/${file}`, 'utf8'));
    return count ? Number(count[1]) : null;
  } catch {
    return null;
  }
}

/** Below the folder where cgroups are mounted; null when the PID is not one of this container's any more. Pure. */
export function counterFile(procCgroup: string, containerId: string): string | null {
  const rows = procCgroup.split('\n').map(line => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const v1 = rows.find(row => row?.[1]?.split(',').includes('memory'));
  const parts = ((v1 ?? rows.find(row => row?.[1] === ''))?.[2] ?? '').split('/');
  const last = parts.findLastIndex(part => part.includes(containerId));
  if (last < 0 || parts.includes('..')) return null;
  const path = parts.slice(0, last + 1).join('/');
  return v1 ? posix.join('memory', path, 'memory.oom_control') : posix.join(path, 'memory.events');
}

/** OOM kills on this whole machine since its boot, from /proc/vmstat (Linux 4.13); 0 where that cannot be read. */
export function machineOomKills(root = ''): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(`${root}/proc/vmstat`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Tells whether the kernel killed anything for memory in about the last second before a moment: evidence for a container that died before
 * anybody could watch its own counter. `sample` is called once a second.
 */
export function createOomMemory(read: () => number): { sample(at: number): void; roseBefore(at: number): boolean } {
  const samples: { readonly at: number; readonly kills: number }[] = [];
  return {
    sample: at => {
      samples.push({ at, kills: read() });
      if (samples.length > 4) samples.shift();
    },
    roseBefore: at => {
      const before = samples.findLast(each => each.at <= at - 1000) ?? samples[0];
      return before !== undefined && read() > before.kills;
    },
  };
}
