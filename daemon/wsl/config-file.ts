import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Failure, FailureError, failure } from '../core/failure.js';
import type { Ms } from '../core/model.js';
import { type Diagnostic, readConfig, type WslConfig } from './config-read.js';
import { type Decoded, decode } from './encoding.js';

/** A `.wslconfig` as it stood when it was read. */
export interface ConfigFile {
  /** With links resolved: what is behind a link is changed, the link stays. */
  readonly file: string;
  /** Null: there is no file. */
  readonly bytes: Buffer | null;
  readonly decoded: Decoded;
  readonly config: WslConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** Last change, ms since the epoch; null: there is no file. */
  readonly changedAt: Ms | null;
}

/** Far more than anybody writes; a larger file is something else. */
const LARGEST = 256 * 1024;

/** Fails with config-invalid when something is there that cannot be read as such a file. */
export function loadConfig(path: string): ConfigFile {
  const file = realOf(path);
  const bytes = readBytes(file);
  const decoded = decode(bytes ?? Buffer.alloc(0));
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
    const { size } = statSync(file);
    if (size > LARGEST) throw new FailureError(unusable(file, `it has ${size} bytes, and ${LARGEST} are the most`));
    return readFileSync(file);
  } catch (error) {
    if (error instanceof FailureError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new FailureError(unusable(file, `it cannot be read (${code})`));
  }
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

/**
 * Writes the file anew: first what it was goes to `history` (and beside it, for people), then a temp file takes its place. Returns the path
 * of the backup; null: there was no file. Fails with config-invalid when the file was changed meanwhile or cannot be written.
 */
export function saveConfig(config: ConfigFile, text: string, history: string, preset: string, now: Ms): string | null {
  const { file, bytes } = config;
  const after = config.decoded.encode(text);
  if (!same(readBytes(file), bytes)) throw new FailureError(unusable(file, 'somebody changed it at this moment; nothing was written'));
  const change: Change = { file, at: now, preset, before: bytes?.toString('base64') ?? null, after: after.toString('base64') };
  writeHistory(history, [...readHistory(history), change].slice(-KEPT));
  const backup = bytes === null ? null : `${file}.laptop-dev-backup`;
  if (backup !== null && bytes !== null) writeWhole(backup, bytes, file);
  writeWhole(file, after, file);
  return backup;
}

export interface Undone {
  readonly file: string;
  readonly preset: string;
  readonly at: Ms;
  /** What the file held until now, and holds from now on; null: no file. */
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
    else writeWhole(change.file, before, change.file);
    writeHistory(history, changes);
  }
  return { file: change.file, preset: change.preset, at: change.at, before: now, after: before };
}

const NOTHING = 'The file is as you left it; laptop-dev wsl show shows it.';

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function readHistory(history: string): readonly Change[] {
  try {
    const read: unknown = JSON.parse(readFileSync(history, 'utf8'));
    return Array.isArray(read) ? read.filter(isChange) : [];
  } catch {
    return [];
  }
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null) return false;
  const { file, at, preset, before, after } = value as Record<string, unknown>;
  const texts = [file, preset, after].every(text => typeof text === 'string');
  return texts && typeof at === 'number' && (before === null || typeof before === 'string');
}

function writeHistory(history: string, changes: readonly Change[]): void {
  mkdirSync(dirname(history), { recursive: true, mode: 0o700 });
  writeWhole(history, Buffer.from(JSON.stringify(changes)), history);
}

/** Temp file and rename: never half a file. It gets the mode of `like`, where the file system has modes. */
function writeWhole(file: string, bytes: Buffer, like: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' });
    const mode = modeOf(like);
    if (mode !== null && mode !== modeOf(temporary)) keepMode(temporary, mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new FailureError(unusable(file, `it cannot be written (${(error as NodeJS.ErrnoException).code})`));
  }
}

/** Drives of Windows are mounted without modes as a rule, and refuse to change them. */
function keepMode(file: string, mode: number): void {
  try {
    chmodSync(file, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

function modeOf(file: string): number | null {
  try {
    return statSync(file).mode & 0o7777;
  } catch {
    return null;
  }
}
