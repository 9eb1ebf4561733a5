import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSample } from '../ports.js';
import { type CpuFile, cpuFile, cpuOf, keyed, limitOf, type MemoryFiles, memoryFiles, workingSetOf } from './cgroup.js';

/** The cgroup files of one run of a container, open. */
export interface OpenFiles {
  readonly pid: number;
  /** Null: the container has ended (the kernel answers ENODEV), or a file is not as it should be. */
  sample(): ContainerSample | null;
  close(): void;
}

/** memory.stat of v2 is the longest of them, about 2.5 KB; each read overwrites it. */
const buffer = Buffer.allocUnsafe(16 * 1024);

/** Null when the files are not there, or the PID is another process by now. `root`: prefix of /proc and /sys, for tests. */
export function openFiles(root: string, containerId: string, pid: number): OpenFiles | null {
  const opened: number[] = [];
  const open = (path: string): number => {
    const file = openSync(join(root, '/sys/fs/cgroup', path), 'r');
    opened.push(file);
    return file;
  };
  const close = (): void => opened.splice(0).forEach(file => void closeSync(file));
  try {
    const { memory, cpu } = locate(root, containerId, pid) ?? {};
    if (!memory || !cpu) return null;
    const files = {
      usage: open(memory.usage),
      stat: open(memory.stat),
      // Kernels before 4.13 do not count OOM kills; a cgroup without the memory controller has neither.
      limit: first([memory.limit], open),
      events: first([memory.events], open),
      cpu: first(cpu.paths, open),
    };
    return { pid, sample: () => sample(files, memory.inactiveKey, cpu.unit), close };
  } catch {
    close();
    return null;
  }
}

interface Descriptors {
  readonly usage: number;
  readonly stat: number;
  readonly limit: number | null;
  readonly events: number | null;
  readonly cpu: number | null;
}

function sample(files: Descriptors, inactiveKey: MemoryFiles['inactiveKey'], unit: CpuFile['unit']): ContainerSample | null {
  try {
    const workingSet = workingSetOf(read(files.usage), read(files.stat), inactiveKey);
    const cpu = cpuOf(read(files.cpu), unit);
    if (workingSet === null || cpu === null) return null;
    return { workingSet, limit: limitOf(read(files.limit)), cpu, oomKills: keyed(read(files.events), 'oom_kill') };
  } catch {
    return null;
  }
}

/** At position 0 the kernel makes a cgroup file's text anew. */
function read(file: number | null): string {
  return file === null ? '' : buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
}

/** Which files; null when the PID is another process by now. Throws when it is none. */
export function locate(root: string, containerId: string, pid: number): { memory: MemoryFiles | null; cpu: CpuFile | null } | null {
  const text = readFileSync(join(root, '/proc', String(pid), 'cgroup'), 'utf8');
  // A hybrid machine has v2 beside the v1 controllers.
  const unified = existsSync(join(root, '/sys/fs/cgroup/unified/cgroup.controllers')) ? 'unified' : '';
  const memory = memoryFiles(text, containerId, unified);
  return memory ? { memory, cpu: cpuFile(text, containerId, unified) } : null;
}

function first(paths: readonly string[], open: (path: string) => number): number | null {
  for (const path of paths) {
    try {
      return open(path);
    } catch {}
  }
  return null;
}
