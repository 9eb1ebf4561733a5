import * as node from 'node:fs';
import { dirname } from 'node:path';
import { type Calls, cannotSync, codeOf, openFolder, writeTemporary } from './write-whole.js';

/** A file of ours that is written often, by one process, and must not hold it up. */
export interface WriteBehind {
  /** Takes the old one's place at once, whole. Throws what the file system throws; then the old one stays. */
  write(content: string): void;
  /** The file before: it is on the disk, and there until the newer one is. Null: the newer one is on the disk. */
  readonly before: string;
}

/**
 * As `writeWhole`, but the disk is waited for in the background, after the rename: a process that is killed loses nothing either way, and
 * waiting held up every start and connection (1 ms, p95 10 ms and more while an image is built). Against a power cut in that time, or a disk
 * that reports its error only then (EIO, a quota on NFS), the last content that is on the disk keeps a name, `FILE.before`, until the new one is
 * there too. `unsynced` is told the error.
 */
export function createWriteBehind(file: string, unsynced: (error: Error) => void, calls: Calls = node): WriteBehind {
  const before = `${file}.before`;
  const temporary = `${file}.tmp`;
  /** Writes that are not on the disk yet. */
  let pending = 0;
  /** The content of `file` is on the disk as far as this process knows. */
  let safe = true;

  const settled = (descriptor: number, error: NodeJS.ErrnoException | null): void => {
    calls.close(descriptor, () => undefined);
    pending -= 1;
    const failed = error !== null && !cannotSync(error) ? error : null;
    if (failed) unsynced(failed);
    if (pending > 0) return;
    safe = failed === null;
    if (safe) syncFolderThen(() => pending === 0 && quietly(() => calls.unlinkSync(before)));
  };

  const syncFolderThen = (done: () => void): void => {
    const folder = openFolder(dirname(file), calls);
    if (folder === null) return done();
    calls.fsync(folder, () => {
      calls.close(folder, () => undefined);
      done();
    });
  };

  return {
    before,
    write(content) {
      node.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const descriptor = writeTemporary(temporary, content, 0o600, calls);
      try {
        if (safe) keepBefore(file, before, calls);
        calls.renameSync(temporary, file);
      } catch (error) {
        quietly(() => calls.closeSync(descriptor));
        quietly(() => calls.unlinkSync(temporary));
        throw error;
      }
      safe = false;
      pending += 1;
      calls.fsync(descriptor, error => settled(descriptor, error));
    },
  };
}

/** A second name for what is there. Where there are no hard links, or nothing is there, nothing is kept. */
function keepBefore(file: string, before: string, calls: Calls): void {
  try {
    calls.linkSync(file, before);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return;
    // Left by a process that was killed before its content was on the disk: what is there now was read and found whole since.
    quietly(() => calls.unlinkSync(before));
    quietly(() => calls.linkSync(file, before));
  }
}

function quietly(what: () => void): void {
  try {
    what();
  } catch {
    // Only a second name, or a file that is not needed any more.
  }
}
