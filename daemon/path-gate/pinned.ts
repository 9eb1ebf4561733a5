import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';

/** Linux's own; Node has no name for it. A descriptor that only names: nothing is opened, so that no FIFO blocks and no device wakes. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = constants;
/** Folders in folders; each holds a descriptor while it is read. */
const DEEPEST = 200;

/** The reason why something under a pinned folder could not be read. `path` is relative to the folder. */
export class UnreadableError extends Error {
  constructor(
    readonly path: string,
    readonly code: string,
  ) {
    super(`${path}: ${code}`);
    this.name = 'UnreadableError';
  }
}

/** One thing in a pinned folder. */
export interface PinnedEntry {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly stat: Stats;
  /** The target of a link; null for anything else. */
  readonly target: string | null;
}

/** A file that is open, whatever becomes of its name. */
export interface PinnedFile {
  readonly stat: Stats;
  /** Up to `length` bytes from `position`; fewer at its end. */
  read(position: number, length: number): Buffer;
  close(): void;
}

/**
 * A folder held by a descriptor. Whatever is read goes down from there name by name without following a link, so that nothing outside of it is
 * read, whatever is renamed or linked meanwhile; only regular files are ever opened.
 */
export class PinnedFolder {
  /** The folder of the last file that was opened: files come sorted. */
  private last: { readonly path: string; readonly fd: number } | null = null;

  private constructor(private readonly root: number) {}

  /** `path` has no link in it (path-gate/judge). Throws UnreadableError with `path` as it stands. */
  static open(path: string): PinnedFolder {
    let fd = openOr('/', path, O_PATH | O_DIRECTORY);
    for (const name of path.split('/').filter(Boolean)) fd = stepInto(fd, name, path, true);
    return new PinnedFolder(fd);
  }

  close(): void {
    this.forget();
    closeSync(this.root);
  }

  /** Everything in it, folders before what they hold, in no order; `enter` says for each folder whether it is looked into. */
  *walk(enter: (entry: PinnedEntry) => boolean): Generator<PinnedEntry> {
    yield* walkIn(this.root, '', enter, 0);
  }

  /** The present entry at a path; null when there is none (any more). */
  entry(path: string): PinnedEntry | null {
    try {
      const [folder, name] = this.parent(path);
      return entryAt(folder, name, path);
    } catch (error) {
      if (error instanceof UnreadableError && isGone(error.code)) return null;
      throw error;
    }
  }

  /** Opens a regular file; null: there is none of that name (any more), or it is something else. */
  open(path: string): PinnedFile | null {
    try {
      const [folder, name] = this.parent(path);
      return openFile(`/proc/self/fd/${folder}/${name}`, path, O_NOFOLLOW);
    } catch (error) {
      if (error instanceof UnreadableError && isGone(error.code)) return null;
      throw error;
    }
  }

  private parent(path: string): [folder: number, name: string] {
    const slash = path.lastIndexOf('/');
    const [folder, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
    if (folder === '') return [this.root, name];
    if (this.last?.path === folder) return [this.last.fd, name];
    this.forget();
    let fd = this.root;
    for (const part of folder.split('/')) fd = stepInto(fd, part, path, fd !== this.root);
    this.last = { path: folder, fd };
    return [fd, name];
  }

  private forget(): void {
    if (this.last !== null) closeSync(this.last.fd);
    this.last = null;
  }
}

/** Opens a regular file by a path that may have links in it, and says which file that is. Null: it is no regular file. Throws UnreadableError. */
export function openPinned(path: string): (PinnedFile & { readonly real: string }) | null {
  let real = path;
  const file = openFile(path, path, 0, fd => {
    real = readlinkSync(`/proc/self/fd/${fd}`);
  });
  return file === null ? null : { ...file, real };
}

function openFile(procPath: string, path: string, flags: number, onOpen: (fd: number) => void = () => undefined): PinnedFile | null {
  const name = openOr(procPath, path, O_PATH | flags);
  try {
    const found = fstatSync(name);
    if (found.isDirectory()) throw new UnreadableError(path, 'EISDIR');
    if (!found.isFile()) return null;
    onOpen(name);
    const fd = openOr(`/proc/self/fd/${name}`, path, O_RDONLY | O_NONBLOCK);
    return { stat: fstatSync(fd), read: (position, length) => readAt(fd, position, length, path), close: () => closeSync(fd) };
  } finally {
    closeSync(name);
  }
}

function readAt(fd: number, position: number, length: number, path: string): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let got = 0;
  while (got < length) {
    const count = named(path, () => readSync(fd, buffer, got, length - got, position + got));
    if (count === 0) break;
    got += count;
  }
  return buffer.subarray(0, got);
}

function* walkIn(fd: number, path: string, enter: (entry: PinnedEntry) => boolean, depth: number): Generator<PinnedEntry> {
  for (const name of named(path, () => readdirSync(`/proc/self/fd/${fd}`))) {
    const inside = path === '' ? name : `${path}/${name}`;
    const entry = entryAt(fd, name, inside);
    if (entry === null) continue;
    yield entry;
    if (!entry.stat.isDirectory() || !enter(entry)) continue;
    if (depth === DEEPEST) throw new UnreadableError(inside, 'ELOOP');
    const folder = folderAt(fd, name, inside);
    if (folder === null) continue;
    try {
      yield* walkIn(folder, inside, enter, depth + 1);
    } finally {
      closeSync(folder);
    }
  }
}

/** Opens a folder in a folder; null when it is gone, or no longer a folder. */
function folderAt(fd: number, name: string, path: string): number | null {
  try {
    return openOr(`/proc/self/fd/${fd}/${name}`, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (error instanceof UnreadableError && isGone(error.code)) return null;
    throw error;
  }
}

function entryAt(fd: number, name: string, path: string): PinnedEntry | null {
  const procPath = `/proc/self/fd/${fd}/${name}`;
  const stat = named(path, () => lstatSync(procPath, { throwIfNoEntry: false }));
  if (stat === undefined) return null;
  if (!stat.isSymbolicLink()) return { path, stat, target: null };
  try {
    return { path, stat, target: readlinkSync(procPath) };
  } catch {
    return null; // replaced just now
  }
}

/** The folder `name` in the folder `fd`, which is closed when it `isOwn`. */
function stepInto(fd: number, name: string, path: string, isOwn: boolean): number {
  try {
    return openOr(`/proc/self/fd/${fd}/${name}`, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } finally {
    if (isOwn) closeSync(fd);
  }
}

function openOr(procPath: string, path: string, flags: number): number {
  return named(path, () => openSync(procPath, flags));
}

function named<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new UnreadableError(path, error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
}

/** Nothing of that name, or what was a folder or a file is something else now. */
function isGone(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR';
}
