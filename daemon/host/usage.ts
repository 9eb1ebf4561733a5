import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from '../ports/ports.js';
import type { Bytes } from '../shared/bytes.js';
import { workingSetOf } from './cgroup.js';
import { cgroupFilesOf, type OpenFiles, openFiles } from './open-files.js';

/**
 * What containers use, from cgroup files. Null where they cannot be read: no PID, another machine's engine (Docker Desktop), a
 * container that has just ended. `root`: prefix of /proc and /sys, for tests.
 */
export function createUsage({ root = '' }: { readonly root?: string } = {}): Usage {
  const open = new Map<string, OpenFiles>();
  const forget = (containerId: string): void => {
    open.get(containerId)?.close();
    open.delete(containerId);
  };
  return {
    workingSet: (containerId, pid) => Promise.resolve(pid === null ? null : read(root, containerId, pid)),
    sample: (containerId, pid, detailed = false) => {
      // Open files belong to one run: the next run of the container has another PID and a cgroup made anew.
      if (open.get(containerId)?.pid !== pid) forget(containerId);
      const files = open.get(containerId) ?? openFiles(root, containerId, pid);
      if (files) open.set(containerId, files);
      const sample = files?.sample(detailed) ?? null;
      if (!sample) forget(containerId);
      return sample;
    },
    forget,
  };
}

/** Synchronous on purpose: cgroup files are answered from memory, 0.18 ms against 0.55 of fs.promises. */
function read(root: string, containerId: string, pid: number): Bytes | null {
  try {
    const memory = cgroupFilesOf(root, containerId, pid)?.memory;
    if (!memory) return null;
    const file = (path: string): string => readFileSync(join(root, '/sys/fs/cgroup', path), 'utf8');
    return workingSetOf(file(memory.usage), file(memory.stat), memory.inactiveKey);
  } catch {
    return null;
  }
}
