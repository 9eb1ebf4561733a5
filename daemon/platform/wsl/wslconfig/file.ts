import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { notWritten } from '../../../files/fault.js';
import { readKept } from '../../../files/read-kept.js';
import { type Calls, writeWhole } from '../../../files/write-whole.js';
import { type Failure, FailureError, failure } from '../../../shared/failure.js';
import type { Ms } from '../../../shared/span.js';
import { type DecodedText, decodeText } from './encoding.js';
import { type Diagnostic, readConfig, type WslConfig } from './read.js';

/** A `.wslconfig` as it stood when it was read. */
export interface ConfigFile {
  /** With links resolved: what is behind a link is changed, the link stays. */
  readonly file: string;
  /** The content; null when there is no file. */
  readonly bytes: Buffer | null;
  readonly decoded: DecodedText;
  readonly config: WslConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** Last change, ms since the epoch; null: there is no file. */
  readonly changedAt: Ms | null;
}

/** Far more than a real .wslconfig has; a larger file is something else. */
const LARGEST = 256 * 1024;

/** Fails with config-invalid when something is there that cannot be read as such a file. */
export function loadConfig(path: string): ConfigFile {
  const file = realOf(path);
  const bytes = readBytes(file);
  const decoded = decodeText(bytes ?? Buffer.alloc(0));
  const config = readConfig(decoded.text);
  const { fault } = decoded;
  const whole: Diagnostic[] = fault ? [{ line: 1, kind: 'encoding', message: fault.message, fix: null, change: null }] : [];
  const changedAt = bytes === null ? null : statSync(file).mtimeMs;
  return { file, bytes, decoded, config, diagnostics: [...whole, ...config.diagnostics], changedAt };
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readBytes(file: string): Buffer | null {
  try {
    // Opened before its type is checked, so that both concern the same file; O_NONBLOCK: a pipe does not block.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) throw new FailureError(unusable(file, 'it is not a file'));
      if (found.size > LARGEST) throw new FailureError(unusable(file, `it has ${found.size} bytes, and ${LARGEST} are the most`));
      const bytes = Buffer.alloc(LARGEST);
      return bytes.subarray(0, readAll(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new FailureError(unusable(file, `it cannot be read (${code})`));
  }
}

function readAll(descriptor: number, bytes: Buffer): number {
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read)
    read = readSync(descriptor, bytes, length, bytes.length - length, null);
  return length;
}

function unusable(file: string, why: string): Failure {
  return failure('config-invalid', `${file} is not usable: ${why}.`, { file }, ['--wslconfig FILE names another one.']);
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

/** Changes that can be taken back. */
const KEPT = 20;
/** Twice the largest file in base64, for each of them. */
const LARGEST_HISTORY = KEPT * 3 * LARGEST;

/**
 * Replaces the file: first its content goes to `history` (and to a backup beside it, for people), then a temporary file is renamed over it. Returns the path
 * of the backup, or null when there was no file. Fails with config-invalid when the file was changed meanwhile, not-written when it cannot be written.
 */
export function saveConfig(config: ConfigFile, text: string, history: string, preset: string, now: Ms, calls?: Calls): string | null {
  const { file, bytes } = config;
  const after = config.decoded.encode(text);
  if (!same(readBytes(file), bytes)) throw new FailureError(unusable(file, 'it was changed at this moment; nothing was written'));
  const change: Change = { file, at: now, preset, before: bytes?.toString('base64') ?? null, after: after.toString('base64') };
  writeHistory(history, [...readHistory(history), change].slice(-KEPT), calls);
  const backup = bytes === null ? null : `${file}.laptop-dev-backup`;
  if (backup !== null && bytes !== null) write(backup, bytes, modeOf(file), calls);
  write(file, after, null, calls);
  return backup;
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
 * Takes the last change back, byte by byte; with `dryRun` only says what it would be. Fails with not-found when there is none, and with
 * config-invalid when the file was changed since, unless `force`.
 */
export function undoConfig(history: string, options: { readonly force: boolean; readonly dryRun: boolean }): Undone {
  const changes = [...readHistory(history)];
  const change = changes.pop();
  if (!change)
    throw new FailureError(failure('not-found', 'No change to .wslconfig is known that could be taken back.', { history }, [NOTHING]));
  const now = readBytes(change.file);
  const before = change.before === null ? null : Buffer.from(change.before, 'base64');
  // Equal to what it was before: the change was written down and then not carried out, or taken back by hand.
  const expected = same(now, Buffer.from(change.after, 'base64')) || same(now, before);
  if (!expected && !options.force) {
    throw new FailureError(
      failure('config-invalid', `${change.file} was changed after ${change.preset} had been applied; nothing was written.`, { file: change.file }, [
        '--force puts back what it was before, and loses the later change; --dry-run shows the difference.',
      ]),
    ); // biome-ignore format: short
  }
  if (!options.dryRun) {
    if (before === null) rmSync(change.file, { force: true });
    else write(change.file, before, null);
    writeHistory(history, changes);
  }
  return { file: change.file, preset: change.preset, at: change.at, before: now, after: before };
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
    throw new FailureError(notWritten('What is changed', history, error, '.wslconfig is as it was.'));
  }
}

/** `mode`: of a new file; null: what the umask leaves. */
function write(file: string, bytes: Buffer, mode: number | null, calls?: Calls): void {
  try {
    writeWhole(file, bytes, { whose: 'user', ...(mode === null ? {} : { mode }) }, calls);
  } catch (error) {
    throw new FailureError(notWritten('The configuration', file, error, '.wslconfig is as it was.'));
  }
}

function modeOf(file: string): number {
  return statSync(file).mode & 0o7777;
}
