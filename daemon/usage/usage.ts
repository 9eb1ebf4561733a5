import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from '../ports.js';
import { memoryFiles, workingSetOf } from './cgroup.js';

/**
 * Working sets from cgroup files, read when asked for. Null where they cannot be read: no PID, another machine's engine (Docker
 * Desktop), a container that has just ended. `root`: prefix of /proc and /sys, for tests.
 */
export function createUsage({ root = '' }: { readonly root?: string } = {}): Usage {
  return {
    workingSet: (containerId, pid) => Promise.resolve(pid === null ? null : read(root, containerId, pid)),
  };
}

/** Synchronous on purpose: cgroup files are answered from memory, 0.18 ms against 0.55 of fs.promises (facts/usage.md). */
function read(root: string, containerId: string, pid: number): number | null {
  try {
    const files = memoryFiles(readFileSync(join(root, '/proc', String(pid), 'cgroup'), 'utf8'), containerId);
    if (!files) return null;
    const file = (path: string): string => readFileSync(join(root, '/sys/fs/cgroup', path), 'utf8');
    return workingSetOf(file(files.usage), file(files.stat), files.inactiveKey);
  } catch {
    return null;
  }
}
