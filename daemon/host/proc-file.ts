import { readSync } from 'node:fs';

/** memory.stat of v2 is the longest of them, about 2.5 KB; each read overwrites it. */
const buffer = Buffer.allocUnsafe(64 * 1024);

/** At position 0 the kernel makes the text of a cgroup's or process's file anew. Empty without a file. Throws when what it is of has ended. */
export function read(file: number | null): string {
  return file === null ? '' : buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
}

/** The first that can be opened; null: none. */
export function first(paths: readonly string[], open: (path: string) => number): number | null {
  for (const path of paths) {
    try {
      return open(path);
    } catch {}
  }
  return null;
}
