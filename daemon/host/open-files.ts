import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerDetail, ContainerSample } from '../model/container-sample.js';
import { type CpuFile, cpuFile, cpuOf, keyed, limitOf, type MemoryFiles, memoryFiles, whole, workingSetOf } from './cgroup.js';
import { openDetail } from './detail.js';
import { first, read } from './proc-file.js';

/** The cgroup files of one run of a container, open. */
export interface OpenFiles {
  readonly pid: number;
  /** Null: the container has ended (the kernel answers ENODEV), or a file is not as it should be. `detailed`: what only people look at too. */
  sample(detailed: boolean): ContainerSample | null;
  close(): void;
}

/** Null when the files are not there, or the PID is another process by now. `root`: prefix of /proc and /sys, for tests. */
export function openFiles(root: string, containerId: string, pid: number): OpenFiles | null {
  const opened: number[] = [];
  const openAt = (path: string): number => {
    const file = openSync(path, 'r');
    opened.push(file);
    return file;
  };
  const open = (path: string): number => openAt(join(root, '/sys/fs/cgroup', path));
  const close = (): void => opened.splice(0).forEach(file => void closeSync(file));
  try {
    const { memory, cpu } = cgroupFilesOf(root, containerId, pid) ?? {};
    if (!memory || !cpu) return null;
    const files = {
      usage: open(memory.usage),
      stat: open(memory.stat),
      // Kernels before 4.13 do not count OOM kills; a cgroup without the memory controller has neither.
      limit: first([memory.limit], open),
      events: first([memory.events], open),
      cpu: first(cpu.paths, open),
    };
    // Opened when somebody looks for the first time.
    let detail: (() => ContainerDetail) | null = null;
    const detailOf = (): ContainerDetail => {
      detail ??= openDetail(root, containerId, pid, openAt);
      return detail();
    };
    return { pid, sample: detailed => sample(files, memory.inactiveKey, cpu.unit, detailed ? detailOf : null), close };
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

function sample(
  files: Descriptors,
  inactiveKey: MemoryFiles['inactiveKey'],
  unit: CpuFile['unit'],
  detail: (() => ContainerDetail) | null,
): ContainerSample | null {
  try {
    const usage = read(files.usage);
    const [used, workingSet] = [whole(usage), workingSetOf(usage, read(files.stat), inactiveKey)];
    const cpu = cpuOf(read(files.cpu), unit);
    if (used === null || workingSet === null || cpu === null) return null;
    const [limit, oomKills] = [limitOf(read(files.limit)), keyed(read(files.events), 'oom_kill')];
    return { workingSet, usage: used, limit, cpu, oomKills, detail: detail?.() ?? null, takenAt: null };
  } catch {
    return null;
  }
}

/** Which files; null when the PID is another process by now. Throws when it is none. */
export function cgroupFilesOf(root: string, containerId: string, pid: number): { memory: MemoryFiles | null; cpu: CpuFile | null } | null {
  const text = readFileSync(join(root, '/proc', String(pid), 'cgroup'), 'utf8');
  // A hybrid machine has v2 beside the v1 controllers.
  const unified = existsSync(join(root, '/sys/fs/cgroup/unified/cgroup.controllers')) ? 'unified' : '';
  const memory = memoryFiles(text, containerId, unified);
  return memory ? { memory, cpu: cpuFile(text, containerId, unified) } : null;
}
