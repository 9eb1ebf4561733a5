import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** cgroup v2, then v1, as a container sees its own. */
const LIMITS = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

/**
 * The hard limit of this container now, bytes: it may change while the process runs. Without a limit, the machine's memory. Not
 * process.constrainedMemory(): that takes a soft limit (what laptop-dev reserves) for a hard one.
 */
export function limitNow(read: (path: string) => string | null = readOrNull): number {
  const limits = LIMITS.map(path => Number(read(path)?.trim())).filter(limit => limit > 0);
  return Math.min(totalmem(), ...limits);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Highest resident size of this process since `forgetPeak`, bytes; null: the kernel does not tell. */
export function peak(status: string = readStatus()): number | null {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(status);
  return match ? Number(match[1]) * 1024 : null;
}

/** Lets the kernel count the peak anew. Where that is not allowed the peak is that of the whole life of the process. */
export async function forgetPeak(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
