import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** States of a TCP socket that still carries a connection, from net/tcp_states.h. */
const ESTABLISHED = 1;
const SYN_RECV = 3;
/** The client has sent its FIN and may still get an answer. */
const CLOSE_WAIT = 8;
/** The server has sent its FIN; it still reads only while a process holds the socket. */
const FIN_WAIT = [4, 5];

/**
 * Bytes that a network namespace has received and sent over all its interfaces but loopback, since it was made. Pure; `text` is
 * /proc/PID/net/dev. Null when there is no line of an interface.
 */
export function bytesOf(text: string): number | null {
  const rows = [...text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)].map(([, name = '', rest = '']) => ({ name, columns: rest.split(/\s+/) }));
  if (rows.length === 0) return null;
  return rows.filter(({ name }) => name !== 'lo').reduce((sum, { columns }) => sum + Number(columns[0]) + Number(columns[8]), 0);
}

/**
 * Connections to `port` that are open, half-closed ones too, without those from inside the container (its own health check). Pure; `text`
 * is /proc/PID/net/tcp or tcp6.
 */
export function connectionsTo(port: number, text: string): number {
  const rows = text
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/));
  return rows.filter(([, local = '', remote = '', state = '', , , , , , inode]) => {
    const [address = '', hexPort = ''] = local.split(':');
    const isHere = Number.parseInt(hexPort, 16) === port && !isLoopback(address) && !isLoopback(remote.split(':')[0] ?? '');
    return isHere && isOpen(Number.parseInt(state, 16), inode !== '0');
  }).length;
}

function isOpen(state: number, isHeld: boolean): boolean {
  return state === ESTABLISHED || state === SYN_RECV || state === CLOSE_WAIT || (FIN_WAIT.includes(state) && isHeld);
}

/** 127.0.0.0/8, the same mapped into IPv6, and ::1, as the kernel prints 32-bit words of a little-endian machine. */
function isLoopback(hex: string): boolean {
  if (hex.length === 8) return hex.endsWith('7F');
  return hex === '00000000000000000000000001000000' || (hex.startsWith('0000000000000000FFFF0000') && hex.endsWith('7F'));
}

/** What a container's network has been used for. */
export interface Counters {
  /** Open connections to the port, from outside the container. */
  readonly connections: number;
  /** Received and sent by the container since it started, bytes. */
  readonly bytes: number;
}

/**
 * Reads both of the container whose main process this is; any user may. Null: it has ended, or runs on another machine. Synchronous: /proc
 * answers from memory. `root`: prefix of /proc, for tests.
 */
export function readCounters(pid: number, port: number, root = ''): Counters | null {
  const file = (name: string): string => readFileSync(join(root, '/proc', String(pid), 'net', name), 'utf8');
  try {
    const bytes = bytesOf(file('dev'));
    return bytes === null ? null : { bytes, connections: connectionsTo(port, file('tcp')) + connectionsTo(port, textOrNone(file, 'tcp6')) };
  } catch {
    return null;
  }
}

/** A kernel without IPv6 has no tcp6. */
function textOrNone(file: (name: string) => string, name: string): string {
  try {
    return file(name);
  } catch {
    return '';
  }
}
