import { lstatSync, statSync } from 'node:fs';
import { codeOf } from './write-whole.js';

/**
 * What a folder is known by when it, or a folder above it, is renamed: its inode, and when that was made (statx(2), ns), because the numbers of
 * inodes are given again, to a new folder a moment after the old one was removed. Without the device: its number changes with a boot. Null: it
 * cannot be looked at, or the file system does not know when it was made (NFS).
 */
export function folderId(folder: string): string | null {
  try {
    const { ino, birthtimeNs } = statSync(folder, { bigint: true });
    return birthtimeNs > 0n ? `${ino}-${birthtimeNs}` : null;
  } catch {
    return null;
  }
}

/** There is nothing there; not: it may not be looked at, or is on a disk that is not mounted and left its empty folder. */
export function isGone(folder: string): boolean {
  try {
    return lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return codeOf(error) === 'ENOTDIR';
  }
}
