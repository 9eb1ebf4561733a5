import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readKept } from '../files/read-kept.js';
import { type Calls, sweep, writeWhole } from '../files/write-whole.js';

/** What is remembered of an image that was built or checked: as long as both hold, nothing needs to be read again. */
export interface KnownBuild {
  readonly quick: string;
  readonly imageId: string;
}

/** A file has some 200 bytes. */
const LARGEST = 64 * 1024;

/** A file for each reference. One that is missing, broken or not to be believed only costs a check of the contents. */
export function knownBuilds(stateDir: string, calls?: Calls) {
  const folder = join(stateDir, 'images');
  sweep(folder);
  const path = (reference: string): string => join(folder, `${createHash('sha256').update(reference).digest('hex').slice(0, 24)}.json`);
  return {
    read(reference: string): KnownBuild | null {
      try {
        const { quick, imageId } = JSON.parse(readKept(path(reference), LARGEST)?.toString('utf8') ?? '{}') as Partial<KnownBuild>;
        return quick && imageId ? { quick, imageId } : null;
      } catch {
        return null;
      }
    },
    /** Never throws, since the image is there: the error, null when it is kept. */
    write(reference: string, known: KnownBuild): unknown {
      try {
        writeWhole(path(reference), JSON.stringify({ reference, ...known }), { whose: 'ours', sync: false }, calls);
        return null;
      } catch (error) {
        return error;
      }
    },
  };
}
