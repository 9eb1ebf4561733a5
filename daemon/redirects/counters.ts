import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Counters } from '../ports/redirects.js';

/** States of a TCP socket that still carries a connection, from net/tcp_states.h. */
const ESTABLISHED = 1;
const SYN_RECV = 3;
/** The client has sent its FIN and may still get an answer. */
const CLOSE_WAIT = 8;
/** The server has sent its FIN; it still reads only while a process holds the socket. */
const FIN_WAIT = [4, 5];

/** Headers of a TCP segment over IPv4 and Ethernet, bytes: 14 + 20 + 20, and 12 for the timestamps that Linux sends unless told not to. */
const HEADERS = 54;
const TIMESTAMPS = 12;

/**
 * What a network namespace has received and sent over all its interfaces but loopback beyond the headers of TCP segments, bytes: near 0 for
 * what is no use, such as acknowledgements, keep-alive probes, ARP (a little below) and router solicitations (a little above). Pure; `text`
 * is /proc/PID/net/dev. Null when there is no line of an interface.
 */
export function payloadOf(text: string, hasTimestamps = true): number | null {
  const rows = [...text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)].map(([, name = '', rest = '']) => ({ name, columns: rest.split(/\s+/) }));
  if (rows.length === 0) return null;
  const headers = HEADERS + (hasTimestamps ? TIMESTAMPS : 0);
  return rows
    .filter(({ name }) => name !== 'lo')
    .map(({ columns }) => columns.map(Number))
    .reduce(
      (sum, [bytesIn = 0, packetsIn = 0, , , , , , , out = 0, packetsOut = 0]) => sum + bytesIn + out - headers * (packetsIn + packetsOut),
      0,
    );
}

/** TCP connections of a network namespace, in either direction and inside it as well. Pure; `text` is /proc/PID/net/snmp. */
export function establishedOf(text: string): number {
  const [names = [], values = []] = [...text.matchAll(/^Tcp: (.*)$/gm)].map(([, rest = '']) => rest.split(' '));
  return Number(values[names.indexOf('CurrEstab')] ?? 0);
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

/**
 * Reads both of the container whose main process this is; any user may. Null: it has ended, or runs on another machine. Synchronous: /proc
 * answers from memory, within 0.1 ms. `root`: prefix of /proc, for tests.
 */
export function readCounters(pid: number, root = ''): Counters | null {
  try {
    const bytes = payloadOf(read(root, pid, 'dev'), readFileSync(join(root, '/proc/sys/net/ipv4/tcp_timestamps'), 'utf8').trim() !== '0');
    return bytes === null ? null : { bytes, connections: establishedOf(read(root, pid, 'snmp')) };
  } catch {
    return null;
  }
}

/**
 * Connections that are open to this port of the container; 0 when that cannot be read. Takes milliseconds, since the kernel walks the table
 * of all sockets of the machine: for a drain, not for sampling.
 */
export function openConnections(pid: number, port: number, root = ''): number {
  const count = (name: string): number => {
    try {
      return connectionsTo(port, read(root, pid, name));
    } catch {
      return 0; // a kernel without IPv6 has no tcp6
    }
  };
  return count('tcp') + count('tcp6');
}

function read(root: string, pid: number, name: string): string {
  return readFileSync(join(root, '/proc', String(pid), 'net', name), 'utf8');
}
