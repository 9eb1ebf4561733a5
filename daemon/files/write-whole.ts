import * as node from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The calls that writing is made of. Tests put faults between: a disk that is full, a kill. */
export type Calls = Pick<
  typeof node,
  | 'openSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'fchmodSync'
  | 'fchownSync'
  | 'renameSync'
  | 'linkSync'
  | 'unlinkSync'
  | 'fsync'
  | 'close'
>;

export interface WholeOptions {
  /**
   * `ours`: for its owner alone (0600), in a folder made for its owner alone; a link in its place is replaced, never followed. `user`: mode,
   * owner and links of the file that is there stay; a new one gets what the umask leaves.
   */
  readonly whose: 'ours' | 'user';
  /** Fails with EEXIST when there is one. */
  readonly isNew?: boolean;
  /** False: the folder of one of ours is not made. */
  readonly folder?: boolean;
  /** Of a new file, or of one of ours; default 0600 for ours, 0666 less the umask for the user's. */
  readonly mode?: number;
  /** False: what a power cut takes can be made anew (a cache). Default: on the disk before it takes the old one's place. */
  readonly sync?: boolean;
}

/** Links that are followed at most, as the kernel does (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Writes a file whole or not at all: every byte to a temporary file beside it, on the disk (fsync), then renamed over the old one, then the
 * folder on the disk. Whatever fails before the rename leaves the old file and removes the temporary one; a kill leaves the old or the new
 * one, and a temporary file that the next write or `sweep` removes. Several processes may write a file at once: the last one has it. Throws what the file system throws; `notWritten` puts it into words.
 *
 * Not write-file-atomic (8.0): it takes no notice of how much write(2) has written, so that a full disk's short file is renamed over a
 * good one; it does not sync the folder; and the name of its temporary file can be foreseen and is opened through links.
 */
export function writeWhole(file: string, content: string | Uint8Array, options: WholeOptions, calls: Calls = node): void {
  const target = options.whose === 'user' ? behindLinks(file) : file;
  const before = refuseOther(target);
  if (before !== null && options.isNew) throw fault('EEXIST', `file already exists, '${target}'`);
  if (options.whose === 'ours' && options.folder !== false) node.mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const { sync = true } = options;
  const temporary = `${target}.${process.pid}.tmp`;
  sweep(dirname(target), basename(target));
  const descriptor = writeTemporary(temporary, content, options.mode ?? (options.whose === 'ours' ? 0o600 : 0o666), calls);
  try {
    try {
      if (options.whose === 'user' && before !== null) takeAfter(descriptor, before, calls);
      if (sync) syncNow(descriptor, calls);
    } finally {
      calls.closeSync(descriptor);
    }
    if (options.isNew) putNew(temporary, target, calls);
    else calls.renameSync(temporary, target);
  } catch (error) {
    removeTemporary(temporary, calls);
    throw error;
  }
  if (sync) syncFolder(dirname(target), calls);
}

/**
 * Every byte into a new file of that name; one that an earlier write has left is removed first. Returns its open descriptor. What cannot be
 * written whole is removed again, and the file system's error thrown.
 */
export function writeTemporary(temporary: string, content: string | Uint8Array, mode: number, calls: Calls): number {
  removeTemporary(temporary, calls);
  if (node.lstatSync(temporary, { throwIfNoEntry: false })?.isDirectory())
    throw fault('EISDIR', `illegal operation on a directory, '${temporary}'`);
  // O_EXCL: a link that somebody has put there meanwhile is not written through.
  const descriptor = calls.openSync(temporary, 'wx', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let written = 0; written < bytes.length; ) {
      const more = calls.writeSync(descriptor, bytes, written, bytes.length - written);
      if (more === 0) throw fault('ENOSPC', `${written} of ${bytes.length} bytes could be written to '${temporary}'`);
      written += more;
    }
    return descriptor;
  } catch (error) {
    closeQuietly(descriptor, calls);
    removeTemporary(temporary, calls);
    throw error;
  }
}

/** What this file system cannot sync at all (9p, some FUSE) is as safe as it gets. */
export function cannotSync(error: unknown): boolean {
  return ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '');
}

function syncNow(descriptor: number, calls: Calls): void {
  try {
    calls.fsyncSync(descriptor);
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** So that the rename outlasts a power cut. */
function syncFolder(folder: string, calls: Calls): void {
  const descriptor = openFolder(folder, calls);
  if (descriptor === null) return;
  try {
    syncNow(descriptor, calls);
  } finally {
    calls.closeSync(descriptor);
  }
}

/** Null: a folder that may be written to and not read, or a file system on which folders are not opened. */
export function openFolder(folder: string, calls: Calls): number | null {
  try {
    return calls.openSync(folder, 'r');
  } catch {
    return null;
  }
}

/** link(2) fails where something is; rename(2) would not. */
function putNew(temporary: string, target: string, calls: Calls): void {
  try {
    calls.linkSync(temporary, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    // No hard links here (FAT, drives of Windows); that there is none was seen a moment ago.
    calls.renameSync(temporary, target);
    return;
  }
  removeTemporary(temporary, calls);
}

/** Drives of Windows are mounted without owners and modes as a rule, and refuse to change them; only root gives files away. */
function takeAfter(descriptor: number, { uid, gid, mode }: node.Stats, calls: Calls): void {
  const now = node.fstatSync(descriptor);
  if (now.uid !== uid || now.gid !== gid) tolerant(() => calls.fchownSync(descriptor, uid, gid));
  if (now.mode !== mode) tolerant(() => calls.fchmodSync(descriptor, mode & 0o7777));
}

function tolerant(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
  }
}

/** A device or a pipe must not be replaced by a file, and a folder cannot. Null: nothing is there. */
function refuseOther(target: string): node.Stats | null {
  const found = node.lstatSync(target, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isDirectory()) throw fault('EISDIR', `illegal operation on a directory, '${target}'`);
  if (!found.isFile() && !found.isSymbolicLink()) throw fault('EINVAL', `'${target}' is neither a file nor absent`);
  return found;
}

/** What a link leads to, also where nothing is there yet: the link stays. */
export function behindLinks(file: string): string {
  let path = resolve(file);
  for (let followed = 0; followed < MOST_LINKS; followed++) {
    const found = node.lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) return path;
    path = resolve(node.realpathSync(dirname(path)), node.readlinkSync(path));
  }
  throw fault('ELOOP', `too many symbolic links, '${file}'`);
}

/**
 * Removes temporary files (*.tmp) that a killed process has left in a folder of ours, or beside the file `of` of a user's; not those that name
 * a process which lives. What cannot be removed stays.
 */
export function sweep(folder: string, of: string | null = null): void {
  for (const name of namesIn(folder)) {
    if (!name.endsWith('.tmp') || (of !== null && !name.startsWith(`${of}.`))) continue;
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid === undefined ? of !== null : isAlive(Number(pid))) continue;
    const path = join(folder, name);
    if (node.lstatSync(path, { throwIfNoEntry: false })?.isFile()) removeTemporary(path, node);
  }
}

function namesIn(folder: string): string[] {
  try {
    return node.readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function removeTemporary(temporary: string, calls: Calls): void {
  try {
    calls.unlinkSync(temporary);
  } catch {
    // Not there; or what stands in the way is named when the file is opened.
  }
}

function closeQuietly(descriptor: number, calls: Calls): void {
  try {
    calls.closeSync(descriptor);
  } catch {
    // What went wrong before is what counts.
  }
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}

function fault(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
