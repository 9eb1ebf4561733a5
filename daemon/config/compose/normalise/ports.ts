import { isIP } from 'node:net';
import type { PortSpec } from '../../../model/spec.js';
import { type Cursor, quote } from '../tree/cursor.js';

/** Ours is a tool for laptops: what a file does not ask to be reachable from outside is not. */
const DEFAULT_HOST_IP = '127.0.0.1';
const MAX_PORTS = 1000;
const SHORT = 'PORT, HOST:CONTAINER or IP:HOST:CONTAINER, with ranges as 8000-8010 and /tcp or /udp';

interface Range {
  readonly first: number;
  readonly last: number;
}

/** A published port with the location that asked for it. */
export interface LocatedPort {
  readonly spec: PortSpec;
  readonly at: Cursor;
}

/** `ports` in long form, ranges written out, repetitions left out. */
export function portsOf(cursor: Cursor | null): LocatedPort[] {
  const found = new Map<string, LocatedPort>();
  if (cursor?.isList !== true) return [];
  for (const item of cursor.items()) {
    for (const spec of item.isMap ? longPort(item) : shortPort(item)) {
      if (found.size >= MAX_PORTS) {
        item.error(`more than ${MAX_PORTS} ports`);
        return [...found.values()];
      }
      found.set(JSON.stringify(spec), { spec, at: item });
    }
  }
  return [...found.values()];
}

function* shortPort(item: Cursor): Generator<PortSpec> {
  const text = item.text();
  if (text === null) return;
  const wrong = (what: string): void => item.error(`${quote(text)}: ${what}`, { expected: SHORT });
  const [address = '', protocol = 'tcp', ...more] = text.split('/');
  const parts = address.split(':');
  const container = rangeOf(parts.at(-1) ?? '');
  const hostText = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const host = hostText === '' ? null : rangeOf(hostText);
  const ip = parts
    .slice(0, -2)
    .join(':')
    .replace(/^\[(.*)\]$/, '$1');
  if (more.length > 0 || container === null) return wrong('is not a port');
  if (host === null && hostText !== '') return wrong(`${quote(hostText)} is not a host port`);
  if (ip !== '' && isIP(ip) === 0) return wrong(`${quote(ip)} is not an address`);
  yield* published(item, { ip, host, container, protocol: protocol.toLowerCase() });
}

function* longPort(item: Cursor): Generator<PortSpec> {
  const target = item.get('target');
  if (target === null) return item.error('lacks the key target', { expected: 'the port inside the container' });
  const container = rangeOf(target.text() ?? '');
  if (container === null || container.first !== container.last)
    return target.error(`${quote(target.text() ?? '')} is not a port`, { expected: '1 to 65535' });
  const published_ = item.get('published');
  const hostText = published_?.text() ?? '';
  const host = hostText === '' ? null : rangeOf(hostText);
  if (host === null && hostText !== '')
    return published_?.error(`${quote(hostText)} is not a port or a range of ports`, { expected: '1 to 65535' });
  const address = item.get('host_ip');
  const ip = address?.text()?.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (ip !== '' && isIP(ip) === 0) return address?.error(`${quote(ip)} is not an address`, { expected: 'an IPv4 or IPv6 address' });
  yield* published(item, { ip, host, container, protocol: item.get('protocol')?.text()?.toLowerCase() ?? 'tcp' });
}

interface Publication {
  readonly ip: string;
  readonly host: Range | null;
  readonly container: Range;
  readonly protocol: string;
}

function* published(item: Cursor, { ip, host, container, protocol }: Publication): Generator<PortSpec> {
  if (protocol !== 'tcp' && protocol !== 'udp') {
    if (protocol === 'sctp') return item.warn('the protocol sctp is not supported; the port is not published');
    return item.error(`the protocol ${quote(protocol)} is not known`, { expected: 'tcp or udp' });
  }
  const hostIp = ip === '' ? DEFAULT_HOST_IP : ip;
  const width = container.last - container.first;
  if (host !== null && host.last - host.first !== width) {
    if (width > 0) return item.error('the range of host ports and the range of container ports differ in length');
    item.warn(`one free port of ${host.first}-${host.last} cannot be chosen; ${host.first} is used`);
  }
  for (let offset = 0; offset <= width; offset++) {
    yield { hostIp, host: host === null ? null : host.first + offset, container: container.first + offset, protocol };
  }
}

/** `8000` or `8000-8010`; port 0 on the host is no range of its own. */
function rangeOf(text: string): Range | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  if (!match) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : null;
}

/** `expose`: ports or ranges with a protocol, as text. */
export function exposeOf(cursor: Cursor | null): string[] {
  const items = cursor?.items() ?? [];
  for (const item of items) {
    const text = item.text();
    if (text !== null && !/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/i.test(text))
      item.error(`${quote(text)} is not a port`, { expected: '1 to 65535, as 3000 or 3000/udp' });
  }
  return [...new Set(items.flatMap(item => item.text() ?? []))];
}
