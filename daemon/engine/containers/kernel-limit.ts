import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Bytes } from '../../shared/bytes.js';
import { counterFile } from '../podman/oom-counter.js';

/**
 * The hard limit that the kernel holds a container to: memory.limit_in_bytes (v1) or memory.max (v2). Null when it cannot be read (ended,
 * another machine) or there is none. `root`: prefix of /proc and /sys, for tests.
 */
export function kernelLimit(containerId: string, pid: number, root = ''): Bytes | null {
  try {
    const counter = counterFile(readFileSync(`${root}/proc/${pid}/cgroup`, 'utf8'), containerId);
    if (counter === null) return null;
    const folder = posix.dirname(counter);
    const files = counter.endsWith('memory.oom_control')
      ? ['memory.limit_in_bytes']
      : // crun keeps the processes in a cgroup below and `update` may change the one and not the other: the lower limit holds.
        ['memory.max', 'container/memory.max'];
    const limits = files.map(file => limitIn(`${root}/sys/fs/cgroup/${folder}/${file}`)).filter(each => each !== null);
    return limits.length > 0 ? Math.min(...limits) : null;
  } catch {
    return null;
  }
}

function limitIn(file: string): Bytes | null {
  try {
    const limit = Number.parseInt(readFileSync(file, 'utf8'), 10);
    // `max` in v2; v1's "no limit" is no safe integer.
    return Number.isSafeInteger(limit) ? limit : null;
  } catch {
    return null;
  }
}
