import { type Cursor, quote } from '../tree/cursor.js';

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
