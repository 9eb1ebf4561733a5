import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { holderOf, nameOfProcess } from '../../files/process.js';

/** Who listens on a port of this host. `pid` and `name` are null when the process belongs to another user and cannot be seen. */
export interface PortOwner {
  readonly pid: number | null;
  readonly name: string | null;
  /** User id of the socket. */
  readonly uid: number;
}

/** LISTEN for TCP, unconnected for UDP (include/net/tcp_states.h). */
const LISTENING = { tcp: '0A', udp: '07' } as const;

/** The owner of a socket that keeps `hostIp:port` from being bound; null when there is none in this network namespace. */
export function portOwner(hostIp: string, port: number, protocol: 'tcp' | 'udp' = 'tcp', proc = '/proc'): PortOwner | null {
  const found = [protocol, `${protocol}6`]
    .flatMap(table => sockets(join(proc, 'net', table)))
    .find(socket => socket.state === LISTENING[protocol] && socket.port === port && collides(socket.address, hostIp));
  if (!found) return null;
  const pid = holderOf(found.inode, proc);
  return { pid, name: pid === null ? null : nameOf(pid, proc), uid: found.uid };
}

/**
 * TCP ports at which others reach a container: where something listens, on more than its own loopback. From its network's own tables, by its
 * main process; empty when they cannot be read.
 */
export function listeningPorts(pid: number, proc = '/proc'): readonly number[] {
  const found = ['tcp', 'tcp6'].flatMap(table => sockets(join(proc, String(pid), 'net', table)));
  const open = found.filter(({ state, address }) => state === LISTENING.tcp && !isLoopback(address)).map(({ port }) => port);
  return [...new Set(open)].sort((a, b) => a - b);
}

/** 127.0.0.0/8 and ::1, as the kernel writes them: bytes in host order; also 127.0.0.0/8 mapped into IPv6. */
function isLoopback(hex: string): boolean {
  if (hex.length === 8) return hex.endsWith('7F');
  return hex === '00000000000000000000000001000000' || (hex.startsWith('0000000000000000FFFF0000') && hex.endsWith('7F'));
}

interface Socket {
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly uid: number;
  readonly inode: string;
}

/** Rows of /proc/net/tcp: sl local_address rem_address st queues timer retransmits uid timeout inode. */
function sockets(file: string): Socket[] {
  return read(file)
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, local = '', , state = '', , , , uid, , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port] = local.split(':');
      return inode === '' ? [] : [{ address, port: Number.parseInt(port ?? '', 16), state, uid: Number(uid), inode }];
    });
}

/** The kernel writes addresses in host byte order, four bytes at a time. A wildcard on either side collides with everything. */
function collides(hex: string, hostIp: string): boolean {
  const wanted = hostIp.replace(/^\[|\]$/g, '');
  if (/^0+$/.test(hex) || wanted === '' || wanted === '0.0.0.0' || wanted === '::') return true;
  const octets = wanted.split('.').map(Number);
  if (octets.length !== 4) return hex.length === 32 && !hex.startsWith('0000000000000000FFFF0000');
  const v4 = [...octets]
    .reverse()
    .map(octet => octet.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return hex === v4 || hex === `0000000000000000FFFF0000${v4}`;
}

function nameOf(pid: number, proc: string): string | null {
  return nameOfProcess(pid, read(join(proc, String(pid), 'comm')).trim(), proc) || null;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
