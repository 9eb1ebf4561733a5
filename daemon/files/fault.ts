import { readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '../shared/bytes.js';
import { type Failure, type FailureOf, failure } from '../shared/failure.js';
import { codeOf } from './write-whole.js';

/** Faults of the disk and of permissions, which a person can do something about; every other one is a bug of ours. */
const SAID: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['there is no space left', 'Free space on that file system; df -h and df -i show what is used'],
  EDQUOT: ["this user's quota is used up", 'Free space, or have the quota raised; quota -s shows it'],
  EIO: ['the disk reports an error', 'Look at the disk: journalctl -k, or dmesg, has its words'],
  EROFS: ['the file system is read-only', 'Make it writable again; the kernel does this after errors of a disk: dmesg has them'],
  EACCES: ['permission is denied', 'Make the folder writable for this user'],
  EPERM: ['the operation is not permitted', 'Make the folder writable for this user; lsattr shows files that are immutable'],
  EFBIG: ['the file would be larger than a file may be', 'Raise the limit: ulimit -f'],
  EMFILE: ['too many files are open', 'Raise the limit: ulimit -n'],
  ENFILE: ['too many files are open on this machine', 'Close programs, or raise fs.file-max'],
};

/** What was to be written where, what went wrong, and what holds until it can be (`stays`, a sentence). */
type Unwritten = readonly [what: string, file: string, error: unknown, stays: string];

/** not-written with the space that is left and a remedy; internal where the error is none of the disk's. */
export function notWritten(...unwritten: Unwritten): Failure {
  const [, file, error] = unwritten;
  return diskFault(...unwritten) ?? failure('internal', unwrittenText(...unwritten), { file, cause: codeOf(error) });
}

/** not-written with the space that is left and a remedy; null: the error is none of the disk's. */
export function diskFault(...[what, file, error, stays]: Unwritten): FailureOf<'not-written'> | null {
  const cause = codeOf(error);
  const known = cause === null ? undefined : SAID[cause];
  if (known === undefined) return null;
  const [said, remedy] = known;
  const free = cause === 'ENOSPC' || cause === 'EDQUOT' ? freeOf(dirname(file)) : null;
  const figures = free === null ? '' : `: ${formatBytes(free.free)} of ${formatBytes(free.size)} are free there`;
  return failure('not-written', `${what} could not be written to ${file}: ${said}${figures}. ${stays}`, { file, cause, ...free }, [remedy]);
}

/** The error in its own words. */
export function unwrittenText(...[what, file, error, stays]: Unwritten): string {
  return `${what} could not be written to ${file} (${error instanceof Error ? error.message : String(error)}). ${stays}`;
}

function freeOf(folder: string): { readonly free: number; readonly size: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return null;
  }
}

/** `alice`, or `user 1001` where /etc/passwd does not name it. */
export function userText(uid: number, passwd = '/etc/passwd'): string {
  try {
    const row = readFileSync(passwd, 'utf8')
      .split('\n')
      .map(line => line.split(':'))
      .find(fields => fields[2] === String(uid));
    return row?.[0] || `user ${uid}`;
  } catch {
    return `user ${uid}`;
  }
}
