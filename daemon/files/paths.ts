import { createHash } from 'node:crypto';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the daemon and its clients meet, and where the daemon keeps its files. All absolute. */
export interface Paths {
  /** Folder of the socket, 0700. */
  readonly runtimeDir: string;
  readonly socket: string;
  /** Folder of the state file, the lock and the logs, 0700. */
  readonly stateDir: string;
  readonly stateFile: string;
  /** The last ticks of running hours and jobs. */
  readonly tickFile: string;
  readonly lockFile: string;
  /** Containers that are paused for the moment of another's start. */
  readonly holdsFile: string;
  /** What services used, a file a day. */
  readonly historyDir: string;
  /** The daemon's own log (pino, rotated). */
  readonly logFile: string;
  /** What a daemon that was started in the background writes before its log is open: crashes of the start. */
  readonly startLog: string;
}

/**
 * Socket: LAPTOP_DEV_SOCKET, else laptop-dev/daemon.sock in $XDG_RUNTIME_DIR, else in /run/user/UID when it exists, else
 * /tmp/laptop-dev-UID/daemon.sock. State: LAPTOP_DEV_STATE, else laptop-dev in $XDG_STATE_HOME, else in ~/.local/state.
 * Values that are not absolute paths are ignored, as the XDG specification asks. `hasFolder` tells whether a folder exists.
 */
export function findPaths(env: Environment, uid: number, home: string, hasFolder: (path: string) => boolean): Paths {
  const socket = absolute(env['LAPTOP_DEV_SOCKET']) ?? join(runtimeFolder(env, uid, hasFolder), 'daemon.sock');
  const stateDir = absolute(env['LAPTOP_DEV_STATE']) ?? join(absolute(env['XDG_STATE_HOME']) ?? join(home, '.local/state'), 'laptop-dev');
  return {
    runtimeDir: join(socket, '..'),
    socket,
    stateDir,
    stateFile: join(stateDir, 'state.json'),
    tickFile: join(stateDir, 'ticks.json'),
    lockFile: join(stateDir, 'daemon.lock'),
    holdsFile: join(stateDir, 'held.json'),
    historyDir: join(stateDir, 'history'),
    logFile: join(stateDir, 'daemon.log'),
    startLog: join(stateDir, 'start.log'),
  };
}

/**
 * What the labels of a daemon's containers, networks and rules carry: two users, or two state folders, on one engine never touch each other's.
 * The same in every version, or a newer daemon would not know what an older one has left.
 */
export function instanceOf(uid: number, { stateDir }: Pick<Paths, 'stateDir'>): string {
  return createHash('sha256').update(`${uid}:${stateDir}`).digest('hex').slice(0, 12);
}

function runtimeFolder(env: Environment, uid: number, hasFolder: (path: string) => boolean): string {
  const xdg = absolute(env['XDG_RUNTIME_DIR']);
  if (xdg !== null) return join(xdg, 'laptop-dev');
  const systemd = `/run/user/${uid}`;
  return hasFolder(systemd) ? join(systemd, 'laptop-dev') : `/tmp/laptop-dev-${uid}`;
}

function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}
