import { posix } from 'node:path';
import type { Bytes } from '../shared/bytes.js';

/** Where a container's memory figures are, below the folder where cgroups are mounted. */
export interface MemoryFiles {
  readonly usage: string;
  readonly stat: string;
  readonly limit: string;
  /** Has the count `oom_kill`. */
  readonly events: string;
  /** Key in `stat` of the cache that the kernel can drop at once. */
  readonly inactiveKey: 'total_inactive_file' | 'inactive_file';
}

/** Where a container's CPU time is. */
export interface CpuFile {
  /** The first that exists: v1 controllers are mounted alone, or together with a link from each one's name. */
  readonly paths: readonly string[];
  /** v1 `cpuacct.usage` is a bare number of ns, v2 has `usage_usec`. */
  readonly unit: 'ns' | 'usage_usec';
}

/** v1 reports "no limit" as the largest number of pages that it can count, just below 2^63 bytes. */
const UNLIMITED = 2 ** 62;

/**
 * Reads /proc/PID/cgroup: the v1 memory controller where there is one (a hybrid machine has both), else v2. Null when the
 * cgroup does not carry the container's id: the PID is another process by now. A process may sit in a cgroup that the
 * container made below its own, so the path ends at the part with the id. `unified`: where v2 is mounted. Pure.
 */
export function memoryFiles(procCgroup: string, containerId: string, unified = ''): MemoryFiles | null {
  const found = find(procCgroup, 'memory', containerId);
  if (!found) return null;
  if (found.v1) {
    const file = (name: string): string => posix.join('memory', found.path, `memory.${name}`);
    return {
      usage: file('usage_in_bytes'),
      stat: file('stat'),
      limit: file('limit_in_bytes'),
      events: file('oom_control'),
      inactiveKey: 'total_inactive_file',
    };
  }
  const file = (name: string): string => posix.join(unified, found.path, `memory.${name}`);
  return { usage: file('current'), stat: file('stat'), limit: file('max'), events: file('events'), inactiveKey: 'inactive_file' };
}

/** As memoryFiles, for the CPU time: a hybrid machine may have one controller in v1 and the other in v2. Pure. */
export function cpuFile(procCgroup: string, containerId: string, unified = ''): CpuFile | null {
  const found = find(procCgroup, 'cpuacct', containerId);
  if (!found) return null;
  if (!found.v1) return { paths: [posix.join(unified, found.path, 'cpu.stat')], unit: 'usage_usec' };
  return { paths: ['cpuacct', found.v1].map(mount => posix.join(mount, found.path, 'cpuacct.usage')), unit: 'ns' };
}

/** Where a controller has a container's cgroup. `v1`: the controllers that are mounted together; null in v2. Pure. */
export function find(procCgroup: string, controller: string, containerId: string): { v1: string | null; path: string } | null {
  const rows = rowsOf(procCgroup);
  const v1 = rows.find(({ controllers }) => controllers.split(',').includes(controller));
  const path = containerPath((v1 ?? rows.find(isV2))?.path ?? '', containerId);
  return path === null ? null : { v1: v1?.controllers ?? null, path };
}

/** The container's cgroup in v2, where a hybrid machine may have it beside those of v1; null: there is none. Pure. */
export function findV2(procCgroup: string, containerId: string): string | null {
  return containerPath(rowsOf(procCgroup).find(isV2)?.path ?? '', containerId);
}

interface Row {
  readonly controllers: string;
  readonly path: string;
}

const isV2 = ({ controllers }: Row) => controllers === '';

function rowsOf(procCgroup: string): Row[] {
  return procCgroup.split('\n').flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
}

function containerPath(path: string, containerId: string): string | null {
  const parts = path.split('/');
  const last = parts.findLastIndex(part => part.includes(containerId));
  return last < 0 || parts.includes('..') ? null : parts.slice(0, last + 1).join('/');
}

/** Usage − inactive file cache, never below 0; null when either figure is missing. Pure. */
export function workingSetOf(usage: string, stat: string, inactiveKey: MemoryFiles['inactiveKey']): Bytes | null {
  const used = whole(usage);
  const inactive = keyed(stat, inactiveKey);
  return used === null || inactive === null ? null : Math.max(0, used - inactive);
}

/** A limit file: null for `max` and v1's largest number. Pure. */
export function limitOf(text: string): Bytes | null {
  const limit = whole(text);
  return limit === null || limit >= UNLIMITED ? null : limit;
}

/** CPU time in ns; null when it is missing. Pure. */
export function cpuOf(text: string, unit: CpuFile['unit']): number | null {
  if (unit === 'ns') return whole(text);
  const microseconds = keyed(text, unit);
  return microseconds === null ? null : microseconds * 1000;
}

/** The number after `key` at the start of a line. By hand: at 1 Hz and many containers a multi-line pattern costs most of a sample. Pure. */
export function keyed(text: string, key: string): number | null {
  const before = text.indexOf(`\n${key} `);
  if (before < 0 && !text.startsWith(`${key} `)) return null;
  const from = before + 1 + key.length + 1;
  const end = text.indexOf('\n', from);
  return whole(text.slice(from, end < 0 ? text.length : end));
}

/** Pure. */
export function whole(text: string): number | null {
  return /^\d+\s*$/.test(text) ? Number(text) : null;
}
