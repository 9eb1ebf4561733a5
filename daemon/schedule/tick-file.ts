import { readKept } from '../files/read-kept.js';
import { createWriteBehind } from '../files/write-behind.js';
import type { Calls } from '../files/write-whole.js';
import type { Ms } from '../shared/span.js';

/** Up to when the ticks of something were seen to, by its name. */
export type Seen = Readonly<Record<string, { readonly expressions: string; readonly until: Ms }>>;

/** Keeps it over the end of the daemon. */
export interface TickFile {
  /** Empty where there is no file, or none that can be read and believed: nothing is made up then. */
  load(): Seen;
  /** Whole or not at all. Throws what the file system throws. */
  save(seen: Seen): void;
}

/** A few hundred bytes a subject. */
const LARGEST = 4 * 1024 * 1024;

/** `refused`: told why a file was not believed, or what the disk has refused after a write. */
export function createTickFile(path: string, refused: (error: unknown) => void = () => undefined, calls?: Calls): TickFile {
  const file = createWriteBehind(path, refused, calls);
  return {
    load() {
      try {
        const bytes = readKept(path, LARGEST);
        const value: unknown = bytes === null ? {} : JSON.parse(bytes.toString('utf8'));
        return isSeen(value) ? value : {};
      } catch (error) {
        refused(error);
        return {};
      }
    },
    save(seen) {
      file.write(JSON.stringify(seen));
    },
  };
}

function isSeen(value: unknown): value is Seen {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    each => typeof each === 'object' && each !== null && typeof each.expressions === 'string' && Number.isFinite(each.until),
  );
}
