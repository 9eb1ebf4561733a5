import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Bytes } from '../../shared/bytes.js';
import type { Host } from './programs.js';

/** The cgroup that accounts the memory of a container. */
export interface MemoryCgroup {
  readonly version: 'v1' | 'v2';
  /** Absolute, the host's root included. */
  readonly folder: string;
}

/**
 * The memory cgroups of running containers, by the containers' ids, found in /proc/PID/cgroup of any of their processes: engines, systemd and
 * nesting each put them elsewhere. One that is not on this machine (Docker Desktop) is missing.
 */
export function findCgroups({ root }: Host, ids: readonly string[]): ReadonlyMap<string, MemoryCgroup> {
  const found = new Map<string, MemoryCgroup>();
  const missing = new Set(ids);
  for (const name of processes(root)) {
    if (missing.size === 0) break;
    const text = readOr(join(root, '/proc', name, 'cgroup'));
    for (const id of missing) {
      const cgroup = text.includes(id) ? cgroupOf(root, text, id) : null;
      if (cgroup === null) continue;
      found.set(id, cgroup);
      missing.delete(id);
    }
  }
  return found;
}

/** The path up to the part that carries the id; the v1 controller first, for a hybrid machine has both. */
function cgroupOf(root: string, text: string, id: string): MemoryCgroup | null {
  const rows = text.split('\n').map(line => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const v1 = rows.find(row => row?.[1]?.split(',').includes('memory'));
  const row = v1 ?? rows.find(each => each?.[1] === '');
  const parts = row?.[2]?.split('/') ?? [];
  const last = parts.findLastIndex(part => part.includes(id));
  if (last < 0 || parts.includes('..')) return null;
  const unified = existsSync(join(root, '/sys/fs/cgroup/unified/cgroup.controllers')) ? 'unified' : '';
  const folder = join(root, '/sys/fs/cgroup', posix.join(v1 ? 'memory' : unified, ...parts.slice(0, last + 1)));
  return existsSync(folder) ? { version: v1 ? 'v1' : 'v2', folder } : null;
}

/** File cache that can be dropped without swapping: what is mapped from tmpfs is none. Null: the container has ended. */
export function cacheOf({ version, folder }: MemoryCgroup): Bytes | null {
  const stat = readOr(join(folder, 'memory.stat'));
  const prefix = version === 'v1' ? 'total_' : '';
  const figures = ['active_file', 'inactive_file'].map(key => new RegExp(`^${prefix}${key} (\\d+)$`, 'm').exec(stat)?.[1]);
  return figures.includes(undefined) ? null : figures.reduce((sum, figure) => sum + Number(figure), 0);
}

function processes(root: string): string[] {
  try {
    return readdirSync(join(root, '/proc')).filter(name => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty also for a process that has just ended. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
