import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Bytes, KiB } from '../core/bytes.js';
import type { HostSample } from '../core/host-sample.js';
import type { HostMemory } from '../ports.js';
import { keyed } from './cgroup.js';

/** Memory of this machine from /proc; from the operating system's own call where there is no /proc. `proc`: for tests, another folder. */
export function createHostMemory({ proc = '/proc' }: { readonly proc?: string } = {}): HostMemory {
  const file = (path: string): string => readOrEmpty(join(proc, path));
  const read = (): { total: Bytes; available: Bytes } => {
    const text = file('meminfo');
    const total = kibibytes(text, 'MemTotal');
    // Kernels before 3.14 have no MemAvailable; free memory is the cautious figure then.
    const available = kibibytes(text, 'MemAvailable') ?? kibibytes(text, 'MemFree');
    return total === null || available === null ? { total: totalmem(), available: freemem() } : { total, available };
  };
  return {
    read,
    sample: () => {
      const vmstat = file('vmstat');
      return {
        ...read(),
        psi: pressure(file('pressure/memory')),
        swapIn: keyed(vmstat, 'pswpin'),
        // Linux 5.9 split the count into _anon and _file; before, files alone were counted.
        refaults: keyed(vmstat, 'workingset_refault_file') ?? keyed(vmstat, 'workingset_refault'),
      };
    },
  };
}

/** Absent without CONFIG_PSI and before Linux 4.20; there but unreadable when the kernel was booted with psi=0. */
function pressure(text: string): HostSample['psi'] {
  const average = (kind: string): number => Number(new RegExp(`^${kind} avg10=(\\d+(?:\\.\\d+)?) `, 'm').exec(text)?.[1]);
  const [some10, full10] = [average('some'), average('full')];
  return Number.isNaN(some10) || Number.isNaN(full10) ? null : { some10, full10 };
}

function kibibytes(text: string, key: string): Bytes | null {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text);
  return match ? Number(match[1]) * KiB : null;
}

/** Empty also for a file that is no regular one, or that the kernel refuses to read. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
