import { readFileSync } from 'node:fs';
import { type Failure, failure } from '../shared/failure.js';

/**
 * Files that this program and the daemon have to be able to hold open: with 100 (measured on Node 20) not even their modules load, and Node
 * says of that "Cannot find package"; each listener and each connection takes one more.
 */
const NEEDED = 256;

/** The limit of this process (ulimit -n), which a daemon that it starts inherits; null: not known. */
export function openFileLimit(file = '/proc/self/limits'): number | null {
  try {
    const text = /^Max open files\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1];
    return text === undefined ? null : Number(text);
  } catch {
    return null;
  }
}

/** The failure to report when this process may open too few files; null when there are enough, or it is not known. */
export function tooFewFiles(limit: number | null): Failure | null {
  if (limit === null || limit >= NEEDED) return null;
  return failure(
    'daemon-unavailable',
    `This shell allows a program ${limit} open files; laptop-dev and its daemon need at least ${NEEDED}.`,
    { limit, needed: NEEDED },
    [
      'Run ulimit -n 4096, then try again. If the shell refuses: raise nofile in /etc/security/limits.conf, or LimitNOFILE in the systemd unit.',
    ],
  );
}
