import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { type Failure, FailureError, failure } from '../shared/failure.js';
import { notWritten, userText } from './fault.js';
import { holderOfName, type ProcessView, processView } from './process.js';
import { mayKeep, readKept } from './read-kept.js';

/** Two lines at most. */
const LARGEST = 4_096;

/** How often a lock file is opened again that was removed while it was locked. */
const TRIES = 20;

/** flock(1) of util-linux and of busybox: the lock is another's. */
const HELD = 1;

/** What keeps a second daemon of this state folder from starting. Held until the process ends, however it ends. */
export interface Lock {
  /** Another user's process, or one that cannot be seen, has taken the name that earlier versions lock. In words; null: nobody has. */
  readonly squatter: string | null;
}

/**
 * Makes this the only daemon of a state folder, or fails with daemon-running and the other's PID.
 *
 * The lock is flock(2) on a file of the state folder: the kernel takes it in one step and gives it up with the process, so it is never stale, and
 * another user cannot even open the file. Node has no flock: flock(1) takes it on the descriptor that it inherits, and the lock stays with that
 * open file, which only this process has left. Beside it the name in the abstract namespace is taken that earlier versions lock, so that they and this
 * one see each other, and so does one whose state folder was removed. Any user can take that name: a holder that is no daemon of this user's does not
 * count, unless there is no flock(1); then it is named in the failure.
 */
export async function takeLock(lockFile: string, pid: number, flock = 'flock'): Promise<Lock> {
  const descriptor = lockedFile(lockFile, flock);
  const name = nameOf(lockFile);
  const server = await listening(name);
  const holder = server === null ? holderOfName(name) : null;
  const view = holder === null ? null : processView(holder);
  if (server === null && (isOurs(view) || descriptor === null)) {
    if (descriptor !== null) closeSync(descriptor);
    throw new FailureError(isOurs(view) ? runs(view?.pid ?? null) : taken(view, name));
  }
  server?.unref();
  note(lockFile, descriptor, pid);
  return { squatter: server === null ? words(view) : null };
}

/** Null: there is no flock(1) to lock it with. It stays open: closing it gives the lock up. */
function lockedFile(lockFile: string, flock: string): number | null {
  for (let tries = 0; tries < TRIES; tries++) {
    mayKeep(lockFile, LARGEST);
    const descriptor = opened(lockFile);
    const { status, error } = spawnSync(flock, ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    if (error) {
      closeSync(descriptor);
      return null;
    }
    if (status === HELD) {
      closeSync(descriptor);
      throw new FailureError(runs(readPid(lockFile)));
    }
    // A daemon that ends removes the file: one that was opened before that and locked after is nobody's any more.
    if (status === 0 && isStill(lockFile, descriptor)) return descriptor;
    closeSync(descriptor);
    if (status !== 0) return null;
  }
  throw new FailureError(failure('daemon-unavailable', `${lockFile} is made anew again and again by others.`, { lockFile }));
}

function opened(lockFile: string): number {
  try {
    return openSync(lockFile, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    throw new FailureError(notWritten('The lock', lockFile, error, 'The daemon has not started.'));
  }
}

function isStill(lockFile: string, descriptor: number): boolean {
  const there = statSync(lockFile, { throwIfNoEntry: false });
  const ours = fstatSync(descriptor);
  return there?.ino === ours.ino && there.dev === ours.dev;
}

function nameOf(lockFile: string): string {
  return `laptop-dev-${createHash('sha256').update(lockFile).digest('hex').slice(0, 32)}`;
}

/** Null: it is taken. */
function listening(name: string): Promise<Server | null> {
  const server = createServer(socket => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(`\0${name}`, () => resolve(server));
  });
}

function isOurs(view: ProcessView | null): boolean {
  return view !== null && view.uid === process.getuid?.() && view.isDaemon;
}

/** For people and `daemon status`; the lock does not depend on it, so that a full disk does not keep the daemon from starting. */
function note(lockFile: string, descriptor: number | null, pid: number): void {
  try {
    const file = descriptor ?? opened(lockFile);
    ftruncateSync(file, 0);
    writeSync(file, `${pid}\n`, 0);
    if (descriptor === null) closeSync(file);
  } catch {
    // It stays empty.
  }
}

function runs(pid: number | null): Failure {
  return failure('daemon-running', `A daemon runs already${pid === null ? '' : `, PID ${pid}`}.`, { pid });
}

function taken(view: ProcessView | null, name: string): Failure {
  const details = { pid: view?.pid ?? null, user: view?.uid ?? null, program: view?.name ?? null, name };
  const stop =
    view === null ? `ss -xlp shows it, as root: sudo ss -xlp src @${name}` : `sudo kill ${view.pid}, if it has no business there`;
  return failure('daemon-unavailable', `The daemon cannot lock its state: the name @${name} is held by ${words(view)}.`, details, [
    stop,
    'Install flock(1), of util-linux: with it the name is not needed',
  ]);
}

function words(view: ProcessView | null): string {
  return view === null
    ? 'a process that cannot be seen from here, of another user'
    : `${view.name} (PID ${view.pid}) of ${userText(view.uid)}`;
}

/** As the daemon has noted it; null: it has not, or what is there is not to be believed. */
export function readPid(lockFile: string): number | null {
  try {
    return Number.parseInt(readKept(lockFile, LARGEST)?.toString('utf8') ?? '', 10) || null;
  } catch {
    return null;
  }
}
