import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What /proc shows of a process: who runs what. */
export interface ProcessView {
  readonly pid: number;
  readonly uid: number;
  /** As `nameOfProcess` has it. */
  readonly name: string;
  /** It looks like a daemon of laptop-dev, of this version or an earlier one. */
  readonly isDaemon: boolean;
}

/** The name that a daemon gives itself in /proc/PID/comm, for `ps`, `ss` and those who look for the owner of a port. */
export const DAEMON_NAME = 'laptop-dev';

/** Null: gone, or hidden from this user. */
export function processView(pid: number, proc = '/proc'): ProcessView | null {
  try {
    const folder = join(proc, String(pid));
    const { uid } = statSync(folder);
    const comm = readFileSync(join(folder, 'comm'), 'utf8').trim();
    const words = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0');
    return { pid, uid, name: nameOfProcess(pid, comm, proc), isDaemon: isDaemonOf(comm, words) };
  } catch {
    return null;
  }
}

const MAIN_THREAD = /^(node-)?MainThread$/;

/** Letters. A process writes its own command line, as long as it likes. */
const LONGEST_NAME = 64;

/**
 * What a process is called for a reader. `comm`: the kernel's name of it, at most 15 letters, as /proc/PID/comm and /proc/PID/stat have it. Node 24
 * calls its main thread MainThread and Node 26 node-MainThread, so that every such Node has that name; it is called after its program instead, by its
 * command line, or by its executable where it has none that this user may read.
 */
export function nameOfProcess(pid: number, comm: string, proc = '/proc'): string {
  if (!MAIN_THREAD.test(comm)) return comm;
  const folder = join(proc, String(pid));
  const [program = ''] = textOf(join(folder, 'cmdline')).split('\0');
  return (basename(program) || basename(linkOf(join(folder, 'exe'))) || comm).slice(0, LONGEST_NAME);
}

/** By its name; an earlier version's has that of Node, and its program ends in dist/main.js after the flags that a daemon is started with. */
function isDaemonOf(name: string, [program = '', ...words]: readonly string[]): boolean {
  const script = words.find(word => !word.startsWith('-')) ?? '';
  const isNode = (name === 'node' || name === DAEMON_NAME || MAIN_THREAD.test(name)) && /^(node|nodejs)$/.test(basename(program));
  return (
    isNode &&
    script.endsWith('/dist/main.js') &&
    (name === DAEMON_NAME || words.includes('--max-semi-space-size=1') || script.includes('laptop-dev'))
  );
}

/** All processes that this user may see. */
export function processes(proc = '/proc'): number[] {
  return namesIn(proc)
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/** The process that holds a socket, of those whose open files this user may look into. */
export function holderOf(inode: string, proc = '/proc'): number | null {
  const wanted = `socket:[${inode}]`;
  for (const pid of processes(proc)) {
    const folder = join(proc, String(pid), 'fd');
    if (namesIn(folder).some(fd => linkOf(join(folder, fd)) === wanted)) return pid;
  }
  return null;
}

/** The process that listens on a name of the abstract namespace. Null: nobody does, or it cannot be seen. */
export function holderOfName(name: string, proc = '/proc'): number | null {
  // Num RefCount Protocol Flags Type St Inode Path; @ stands for NUL, with which some versions of Node fill the name up.
  const row = textOf(join(proc, 'net/unix'))
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .find(fields => isFilled(fields[7] ?? '', `@${name}`) && fields[5] === '01');
  return row?.[6] === undefined ? null : holderOf(row[6], proc);
}

/** Whether a text is this one, with any number of @ behind it. */
function isFilled(text: string, name: string): boolean {
  let end = text.length;
  while (end > name.length && text[end - 1] === '@') end--;
  return text.slice(0, end) === name;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
