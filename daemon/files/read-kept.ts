import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { FailureError, failure } from '../shared/failure.js';
import { notWritten, userText } from './fault.js';
import { codeOf } from './write-whole.js';

/** O_NOFOLLOW: a link says nothing of who wrote what it leads to. O_NONBLOCK: a pipe that nobody writes to would be waited for. */
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The content of a file that laptop-dev has written for itself; null: there is none. Its kind, owner, mode and size are looked at before a byte
 * is believed: a regular file of this user's or root's that nobody else may write, of at most `most` bytes. Else it throws file-refused with what is
 * wrong and how to put it right. It never waits and never holds more than `most`.
 */
export function readKept(file: string, most: number): Buffer | null {
  if (!mayKeep(file, most)) return null;
  let descriptor: number;
  try {
    descriptor = openSync(file, OPEN);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw refused(file, `cannot be opened (${codeOf(error) ?? error})`, [`ls -l ${file} shows its owner and mode.`]);
  }
  try {
    const found = fstatSync(descriptor);
    judge(file, found, most);
    return readAll(file, descriptor, found.size, most);
  } finally {
    closeSync(descriptor);
  }
}

/** As `readKept` judges it, without reading; false: there is none. */
export function mayKeep(file: string, most = Number.POSITIVE_INFINITY): boolean {
  const found = lookAt(file);
  if (found === null) return false;
  judge(file, found, most);
  return true;
}

/** Null: nothing is there, or what should be its folder is a file. */
function lookAt(file: string): Stats | null {
  try {
    return lstatSync(file);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw refused(file, `cannot be looked at (${code ?? error})`, [`ls -ld ${file} and its folder show owner and mode.`]);
  }
}

/** `expected`: as large as it was a moment ago; one byte more tells that it has grown. */
function readAll(file: string, descriptor: number, expected: number, most: number): Buffer {
  let bytes = Buffer.allocUnsafe(expected + 1);
  for (let length = 0; ; ) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (read === 0) return bytes.subarray(0, length);
    length += read;
    if (length > most) throw tooLarge(file, length, most);
    if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(Math.min(length, most + 1 - length))]);
  }
}

function judge(file: string, found: Stats, most: number): void {
  const kind = kindOf(found);
  if (kind !== null) {
    const leads = found.isSymbolicLink() ? ` to ${readlinkSync(file)}` : '';
    throw refused(file, `is ${kind}${leads}, not a file`, [`Move it away: mv ${file} ${file}.aside; laptop-dev then begins a new one.`]);
  }
  const us = process.getuid?.() ?? 0;
  if (found.uid !== us && found.uid !== 0) {
    throw refused(file, `belongs to ${userText(found.uid)}, not to ${userText(us)}`, [
      `If its content is yours: sudo chown ${us} ${file}; else move it away: mv ${file} ${file}.foreign`,
    ]);
  }
  if ((found.mode & 0o022) !== 0) {
    throw refused(file, `may be written by other users (mode ${(found.mode & 0o7777).toString(8)})`, [
      `If nobody else has changed it: chmod 600 ${file}; else move it away: mv ${file} ${file}.foreign`,
    ]);
  }
  if (found.size > most) throw tooLarge(file, found.size, most);
}

function kindOf(found: Stats): string | null {
  if (found.isFile()) return null;
  if (found.isSymbolicLink()) return 'a symbolic link';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

function tooLarge(file: string, size: number, most: number): FailureError {
  return refused(file, `has ${size} bytes; ${most} are the most that is read`, [`Move it away: mv ${file} ${file}.aside`]);
}

/** Makes the folder, for its owner alone, where there is none, and looks at it as `checkFolder` does. Throws not-written too. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new FailureError(notWritten('The folder', folder, error, 'Nothing was changed.'));
  }
  checkFolder(folder);
}

/**
 * Looks at a folder that laptop-dev keeps its files in: a folder (a link to one is fine) of this user's that nobody else may write to. Throws
 * file-refused. Who may write there may replace every file.
 */
function checkFolder(folder: string): void {
  const found = statSync(folder);
  const us = process.getuid?.() ?? 0;
  const another = 'or name another one: LAPTOP_DEV_STATE=/a/folder/of/yours';
  if (!found.isDirectory()) throw refused(folder, 'is not a folder', [`Move it away: mv ${folder} ${folder}.aside, ${another}`]);
  if (found.uid !== us) {
    const owner = `belongs to ${userText(found.uid)}, not to ${userText(us)}`;
    throw refused(folder, owner, [`If it is yours: sudo chown -R ${us} ${folder}, ${another}`]);
  }
  if ((found.mode & 0o022) !== 0) {
    const mode = (found.mode & 0o7777).toString(8);
    throw refused(folder, `may be written to by other users (mode ${mode})`, [`chmod 700 ${folder}, where it is yours alone, ${another}`]);
  }
}

function refused(file: string, what: string, remedies: readonly string[]): FailureError {
  return new FailureError(failure('file-refused', `${file} ${what}. It is not read, and nothing was changed.`, { file }, remedies));
}
