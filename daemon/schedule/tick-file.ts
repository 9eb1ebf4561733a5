import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ms } from '../core/model.js';

/** Up to when the ticks of something were seen to, by its name. */
export type Seen = Readonly<Record<string, { readonly expressions: string; readonly until: Ms }>>;

/** Keeps it over the end of the daemon. */
export interface TickFile {
  /** Empty where there is no file, or none that can be read: nothing is made up then. */
  load(): Seen;
  /** Temp file and rename. Throws what the file system throws. */
  save(seen: Seen): void;
}

export function createTickFile(path: string): TickFile {
  return {
    load() {
      try {
        const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
        return isSeen(value) ? value : {};
      } catch {
        return {};
      }
    },
    save(seen) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.tmp`, JSON.stringify(seen), { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    },
  };
}

function isSeen(value: unknown): value is Seen {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    each => typeof each === 'object' && each !== null && typeof each.expressions === 'string' && Number.isFinite(each.until),
  );
}
