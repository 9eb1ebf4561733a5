import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is remembered of an image that was built or checked: as long as both hold, nothing needs to be read again. */
export interface KnownBuild {
  readonly quick: string;
  readonly imageId: string;
}

/** A file for each reference, written beside and renamed. One that is missing or broken only costs a check of the contents. */
export function knownBuilds(stateDir: string) {
  const folder = join(stateDir, 'images');
  const path = (reference: string): string => join(folder, `${createHash('sha256').update(reference).digest('hex').slice(0, 24)}.json`);
  return {
    read(reference: string): KnownBuild | null {
      try {
        const { quick, imageId } = JSON.parse(readFileSync(path(reference), 'utf8')) as Partial<KnownBuild>;
        return quick && imageId ? { quick, imageId } : null;
      } catch {
        return null;
      }
    },
    write(reference: string, known: KnownBuild): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = `${path(reference)}.${process.pid}`;
      writeFileSync(temporary, JSON.stringify({ reference, ...known }), { mode: 0o600 });
      renameSync(temporary, path(reference));
    },
  };
}
