import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkAttachment } from '../../../model/spec.js';
import { nearestName } from '../../../shared/nearest.js';
import { Cursor, quote } from '../tree/cursor.js';
import { names } from '../tree/short-forms.js';
import { warnUnsupported } from './unsupported.js';

export const DEFAULT_NETWORK = 'default';

/** A service's networks, by falling priority, then as written; none named: the default one. Empty with `network_mode`. */
export function attachmentsOf(service: Cursor, networks: ReadonlySet<string>): NetworkAttachment[] {
  const mode = service.get('network_mode');
  const written = service.get('networks');
  if (mode !== null) {
    if (written !== null) mode.error('network_mode and networks exclude each other');
    return [];
  }
  const alias = containerName(service);
  const attachments: { spec: NetworkAttachment; priority: number }[] = [];
  const cursor = written === null ? null : new Cursor(names(written.tree), written.path, written.report);
  for (const [name, at] of cursor?.entries() ?? []) {
    if (!networks.has(name) && name !== DEFAULT_NETWORK) at.report.error(at.keyLocation, at.path, ...undefinedNetwork(name, networks));
    attachments.push({ spec: attachment(name, at, alias), priority: at.get('priority')?.number() ?? 0 });
  }
  if (attachments.length === 0)
    attachments.push({ spec: { network: DEFAULT_NETWORK, aliases: alias, ipv4: null, ipv6: null }, priority: 0 });
  return attachments.sort((a, b) => b.priority - a.priority).map(({ spec }) => spec);
}

function undefinedNetwork(name: string, networks: ReadonlySet<string>): [string, { expected: string | null; nearest: string | null }] {
  const known = [...networks];
  const expected = known.length === 0 ? 'a name from the top-level networks' : `one of ${known.slice(0, 12).join(', ')}`;
  return [`no network ${quote(name)} is defined`, { expected, nearest: nearestName(name, known) }];
}

function attachment(network: string, at: Cursor, alias: readonly string[]): NetworkAttachment {
  warnUnsupported(at, ['aliases', 'ipv4_address', 'ipv6_address', 'priority']);
  const address = (key: string, valid: (text: string) => boolean, expected: string): string | null => {
    const cursor = at.get(key);
    const text = cursor?.text() ?? null;
    if (cursor !== null && text !== null && !valid(text)) cursor.error(`${quote(text)} is not an address`, { expected });
    return text;
  };
  return {
    network,
    aliases: [...new Set([...(at.get('aliases')?.texts() ?? []), ...alias])],
    ipv4: address('ipv4_address', isIPv4, 'an IPv4 address'),
    ipv6: address('ipv6_address', isIPv6, 'an IPv6 address'),
  };
}

/** A fixed container name would break a second worktree of the project: it is a name in the network instead. */
function containerName(service: Cursor): string[] {
  const cursor = service.get('container_name');
  const name = cursor?.text() ?? null;
  if (cursor === null || name === null) return [];
  const message = 'is not used as the name of the container, which would keep other worktrees from running; it is a network alias';
  cursor.report.repeated(cursor.keyLocation, cursor.path, message);
  return [name];
}

/** `extra_hosts` in all its forms as the engine takes it: NAME:ADDRESS, one for each address. */
export function extraHostsOf(cursor: Cursor | null): string[] {
  if (cursor === null) return [];
  if (cursor.isMap)
    return cursor.entries().flatMap(([name, value]) => value.items().flatMap(item => hostLine(name, item.text() ?? '', item)));
  return cursor.items().flatMap(item => {
    const text = item.text() ?? '';
    const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
    if (at > 0)
      return text
        .slice(at + 1)
        .split(',')
        .flatMap(address => hostLine(text.slice(0, at), address, item));
    item.error(`${quote(text)} names no address`, { expected: 'NAME:ADDRESS or NAME=ADDRESS' });
    return [];
  });
}

function hostLine(name: string, written: string, at: Cursor): string[] {
  const address = written.trim().replace(/^\[(.*)\]$/, '$1');
  if (/^[\w.-]+$/.test(name) && /^([0-9a-f.:]+|host-gateway)$/i.test(address)) return [`${name}:${address}`];
  at.error(`${quote(`${name}=${written}`)} is not a host and its address`, { expected: 'an IPv4 or IPv6 address, or host-gateway' });
  return [];
}
