import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { KiB } from '../core/bytes.js';
import type { HostMemory } from '../ports.js';

/** Memory of this machine from /proc/meminfo; from the operating system's own call where there is no /proc. `root`: for tests. */
export function createHostMemory({ root = '' }: { readonly root?: string } = {}): HostMemory {
  return {
    read: () => {
      const text = readOrEmpty(join(root, '/proc/meminfo'));
      const total = kibibytes(text, 'MemTotal');
      // Kernels before 3.14 have no MemAvailable; free memory is the cautious figure then.
      const available = kibibytes(text, 'MemAvailable') ?? kibibytes(text, 'MemFree');
      return total === null || available === null ? { total: totalmem(), available: freemem() } : { total, available };
    },
  };
}

function kibibytes(text: string, key: string): number | null {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text);
  return match ? Number(match[1]) * KiB : null;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
