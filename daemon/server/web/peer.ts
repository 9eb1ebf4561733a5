import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Columns of /proc/net/tcp (proc(5)): sl local_address rem_address st tx:rx tr:when retrnsmt uid … */
const LOCAL = 1;
const REMOTE = 2;
const UID = 7;

/**
 * The user at the other end of a TCP connection over loopback; null: unknown (no Linux, or the connection comes from outside
 * this network namespace, as from Windows to WSL). While a browser starts, the link is in its arguments, which other users can read.
 */
export async function peerUser({ remoteAddress, remotePort, localAddress, localPort }: Socket): Promise<number | null> {
  return userIn(
    await readFile('/proc/net/tcp', 'latin1').catch(() => ''),
    written(remoteAddress, remotePort),
    written(localAddress, localPort),
  );
}

/** The user of the socket that has `from` as its own address and `to` as the other one. */
export function userIn(table: string, from: string, to: string): number | null {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[LOCAL] === from && fields[REMOTE] === to) return Number(fields[UID]);
  }
  return null;
}

/** 127.0.0.1 and 8080 as the table writes them on a little-endian machine: 0100007F:1F90. */
export function written(address = '', port = 0): string {
  const bytes = address.split('.').map(byte => hex(Number(byte), 2));
  return `${bytes.reverse().join('')}:${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/** Whether a user may open one of our links: this user, root (which forwards connections from Windows into WSL), or an unknown one. */
export function mayOpen(peer: number | null, own: number): boolean {
  return peer === null || peer === own || peer === 0;
}
