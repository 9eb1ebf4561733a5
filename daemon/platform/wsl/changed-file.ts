import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { notWritten } from '../../files/fault.js';
import { readKept } from '../../files/read-kept.js';
import { type Calls, writeWhole } from '../../files/write-whole.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';

/** A file of the user's on Windows that is changed and changed back: `.wslconfig`, settings.yaml. */
export interface ChangedFile {
  /** With links resolved: what is behind a link is changed, the link stays. */
  readonly file: string;
  /** The content; null when there is no file. */
  readonly bytes: Buffer | null;
  /** Last change, ms since the epoch; null: there is no file. */
  readonly changedAt: Ms | null;
}

/** Far more than a real one has; a larger file is something else. */
const LARGEST = 256 * 1024;

/** Fails with config-invalid, and this remedy, when something is there that cannot be read as such a file. */
export function readChanged(path: string, remedy: string): ChangedFile {
  const file = realOf(path);
  const bytes = readBytes(file, remedy);
  return { file, bytes, changedAt: bytes === null ? null : statSync(file).mtimeMs };
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readBytes(file: string, remedy: string | null): Buffer | null {
  try {
    // Opened before its type is checked, so that both concern the same file; O_NONBLOCK: a pipe does not block.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) throw new FailureError(unusable(file, 'it is not a file', remedy));
      if (found.size > LARGEST) throw new FailureError(unusable(file, `it has ${found.size} bytes, and ${LARGEST} are the most`, remedy));
      const bytes = Buffer.alloc(LARGEST);
      return bytes.subarray(0, readAll(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new FailureError(unusable(file, `it cannot be read (${code})`, remedy));
  }
}

function readAll(descriptor: number, bytes: Buffer): number {
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read)
    read = readSync(descriptor, bytes, length, bytes.length - length, null);
  return length;
}

function unusable(file: string, why: string, remedy: string | null): Failure {
  return failure('config-invalid', `${file} is not usable: ${why}.`, { file }, remedy === null ? [] : [remedy]);
}

/** A change that was made, kept to be taken back. */
interface Change {
  readonly file: string;
  /** ms since the epoch. */
  readonly at: Ms;
  readonly preset: string;
  /** Base64; null: there was no file. */
  readonly before: string | null;
  readonly after: string;
}

/** What is to be written: `bytes` is what was read. */
export interface Replacement extends Pick<ChangedFile, 'file' | 'bytes'> {
  readonly after: Buffer;
}

/** Changes that can be taken back, each of one file or two. */
const KEPT = 20;
/** Twice the largest file in base64, for each of them. */
const LARGEST_HISTORY = KEPT * 2 * 3 * LARGEST;

/**
 * Replaces files, as one change that is taken back as one: first their content goes to `history` (and to a backup beside each, for people), then a temporary file is
 * renamed over each. Returns the paths of the backups; null where there was no file. Fails with config-invalid when one was changed meanwhile, not-written when one
 * cannot be written: those that were have their old content again.
 */
export function saveChanged(
  all: readonly Replacement[],
  history: string,
  preset: string,
  now: Ms,
  calls?: Calls,
): readonly (string | null)[] {
  for (const { file, bytes } of all) {
    if (same(readBytes(file, null), bytes)) continue;
    throw new FailureError(unusable(file, 'it was changed at this moment; nothing was written', 'Run the command again.'));
  }
  const changes = all.map(({ file, bytes, after }): Change => {
    return { file, at: now, preset, before: bytes?.toString('base64') ?? null, after: after.toString('base64') };
  });
  const earlier = readHistory(history);
  writeHistory(history, lastChanges([...earlier, ...changes]), calls);
  const done: Replacement[] = [];
  try {
    return all.map(each => {
      const { file, bytes, after } = each;
      const backup = bytes === null ? null : `${file}.laptop-dev-backup`;
      if (backup !== null && bytes !== null) write(backup, file, bytes, modeOf(file), calls);
      write(file, file, after, null, calls);
      done.push(each);
      return backup;
    });
  } catch (error) {
    for (const { file, bytes } of done) restore(file, bytes);
    if (done.length > 0) writeHistory(history, earlier);
    throw error;
  }
}

/** The newest, files of one change together. */
function lastChanges(changes: readonly Change[]): readonly Change[] {
  const isFirst = (change: Change, index: number) => index === 0 || !isSameChange(change, changes[index - 1]);
  const starts = changes.flatMap((change, index) => (isFirst(change, index) ? [index] : []));
  return changes.slice(starts.at(-KEPT) ?? 0);
}

function isSameChange(one: Change, other: Change | undefined): boolean {
  return one.at === other?.at && one.preset === other.preset;
}

function restore(file: string, bytes: Buffer | null): void {
  if (bytes === null) rmSync(file, { force: true });
  else write(file, file, bytes, null);
}

export interface Undone {
  readonly file: string;
  readonly preset: string;
  readonly at: Ms;
  /** The content until now, and from now on; null for no file. */
  readonly before: Buffer | null;
  readonly after: Buffer | null;
}

/**
 * Takes the last change back, byte by byte, in each file that it was made in; with `dryRun` only says what it would be. Fails with not-found when there is none, and with
 * config-invalid when one of the files was changed since, unless `force`.
 */
export function undoChanged(history: string, options: { readonly force: boolean; readonly dryRun: boolean }): readonly Undone[] {
  const changes = readHistory(history);
  const last = changes.at(-1);
  if (!last)
    throw new FailureError(failure('not-found', 'No change to .wslconfig is known that could be taken back.', { history }, [NOTHING]));
  const first = changes.findLastIndex(change => !isSameChange(change, last)) + 1;
  const undone = changes.slice(first).map((change): Undone => {
    const before = readBytes(change.file, null);
    const after = change.before === null ? null : Buffer.from(change.before, 'base64');
    // Equal to what it was before: the change was written down and then not carried out, or taken back by hand.
    const expected = same(before, Buffer.from(change.after, 'base64')) || same(before, after);
    if (!expected && !options.force) throw new FailureError(changedSince(change));
    return { file: change.file, preset: change.preset, at: change.at, before, after };
  });
  if (options.dryRun) return undone;
  for (const { file, after } of undone) restore(file, after);
  writeHistory(history, changes.slice(0, first));
  return undone;
}

function changedSince({ file, preset }: Change): Failure {
  return failure('config-invalid', `${file} was changed after ${preset} had been applied; nothing was written.`, { file }, [
    '--force puts back what it was before, and loses the later change; --dry-run shows the difference.',
  ]);
}

const NOTHING = 'The file is as you left it; laptop-dev wsl show shows it.';

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** One that is broken is kept beside it: the files that it holds can still be got out by hand. */
function readHistory(history: string): readonly Change[] {
  const text = readKept(history, LARGEST_HISTORY)?.toString('utf8');
  if (text === undefined) return [];
  try {
    const read: unknown = JSON.parse(text);
    if (Array.isArray(read)) return read.filter(isChange);
  } catch {
    // As below.
  }
  renameSync(history, `${history}.corrupt-${new Date().toISOString().replaceAll(':', '')}`);
  return [];
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null) return false;
  const { file, at, preset, before, after } = value as Record<string, unknown>;
  const texts = [file, preset, after].every(text => typeof text === 'string');
  return texts && typeof at === 'number' && (before === null || typeof before === 'string');
}

function writeHistory(history: string, changes: readonly Change[], calls?: Calls): void {
  try {
    writeWhole(history, JSON.stringify(changes), { whose: 'ours' }, calls);
  } catch (error) {
    throw new FailureError(notWritten('What is changed', history, error, 'Nothing was changed.'));
  }
}

/** `file`: the one that is changed, or whose backup this is. `mode`: of a new file; null: what the umask leaves. */
function write(path: string, file: string, bytes: Buffer, mode: number | null, calls?: Calls): void {
  try {
    writeWhole(path, bytes, { whose: 'user', ...(mode === null ? {} : { mode }) }, calls);
  } catch (error) {
    throw new FailureError(notWritten('The configuration', path, error, `${basename(file)} is as it was.`));
  }
}

function modeOf(file: string): number {
  return statSync(file).mode & 0o7777;
}
