import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** The hard limit of this container now, bytes: it may change while the process runs. Without a limit, the machine's memory. */
export function limitNow(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
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
