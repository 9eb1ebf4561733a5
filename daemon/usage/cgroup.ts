import { posix } from 'node:path';

/** Where a container's memory figures are, below the folder where cgroups are mounted. */
export interface MemoryFiles {
  readonly usage: string;
  readonly stat: string;
  /** Key in `stat` of the cache that the kernel can drop at once. */
  readonly inactiveKey: 'total_inactive_file' | 'inactive_file';
}

/**
 * Reads /proc/PID/cgroup: the v1 memory controller where there is one (a hybrid machine has both), else v2. Null when the
 * cgroup does not carry the container's id: the PID is another process by now. A process may sit in a cgroup that the
 * container made below its own, so the path ends at the part with the id. Pure.
 */
export function memoryFiles(procCgroup: string, containerId: string): MemoryFiles | null {
  const rows = procCgroup.split('\n').map(line => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const v1 = rows.find(row => row?.[1]?.split(',').includes('memory'));
  const v2 = rows.find(row => row?.[1] === '');
  const path = containerPath((v1 ?? v2)?.[2] ?? '', containerId);
  if (path === null) return null;
  if (v1) {
    const folder = posix.join('memory', path);
    return {
      usage: posix.join(folder, 'memory.usage_in_bytes'),
      stat: posix.join(folder, 'memory.stat'),
      inactiveKey: 'total_inactive_file',
    };
  }
  return { usage: posix.join(path, 'memory.current'), stat: posix.join(path, 'memory.stat'), inactiveKey: 'inactive_file' };
}

function containerPath(path: string, containerId: string): string | null {
  const parts = path.split('/');
  const last = parts.findLastIndex(part => part.includes(containerId));
  return last < 0 || parts.includes('..') ? null : parts.slice(0, last + 1).join('/');
}

/** Usage − inactive file cache, never below 0; null when either figure is missing. Pure. */
export function workingSetOf(usage: string, stat: string, inactiveKey: MemoryFiles['inactiveKey']): number | null {
  const used = /^\d+/.exec(usage);
  const inactive = new RegExp(`^${inactiveKey} (\\d+)$`, 'm').exec(stat);
  return used && inactive ? Math.max(0, Number(used[0]) - Number(inactive[1])) : null;
}
