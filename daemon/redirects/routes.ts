import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';

/** A line of /proc/net/route that is up: where it leads. Addresses as 32-bit numbers, most significant byte first. */
interface Route {
  readonly device: string;
  readonly destination: number;
  readonly mask: number;
  /** Whether it goes through a gateway, so that the address is not on a network of this machine. */
  readonly isIndirect: boolean;
}

/** RTF_UP, from linux/route.h. */
const UP = 1;
/** What a device may be called in a rule or a shell: what engines give, no wildcard, quote or space. */
const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,15}$/;

/**
 * The device through which `address` is reached without a gateway: the longest prefix decides. Null: none, or not an IPv4 address.
 * Pure; `table` is /proc/net/route, whose addresses are in the byte order of the machine (little-endian: x86 and ARM).
 */
export function deviceTo(address: string, table: string): string | null {
  if (!isIPv4(address)) return null;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const longest = routes(table)
    .filter(({ destination, mask }) => (number & mask) >>> 0 === destination)
    .reduce<Route | null>((best, route) => (best && best.mask >= route.mask ? best : route), null);
  return longest && !longest.isIndirect && PLAIN_NAME.test(longest.device) ? longest.device : null;
}

function routes(table: string): readonly Route[] {
  return table
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(columns => columns.length >= 8 && (Number.parseInt(columns[3] ?? '', 16) & UP) !== 0)
    .map(([device = '', destination = '', gateway = '', , , , , mask = '']) => ({
      device,
      destination: reversed(destination),
      mask: reversed(mask),
      isIndirect: reversed(gateway) !== 0,
    }));
}

/** 0xAABBCCDD as it stands in the file → 0xDDCCBBAA. */
function reversed(hex: string): number {
  return (hex.match(/../g) ?? []).reduceRight((sum, byte) => sum * 256 + Number.parseInt(byte, 16), 0);
}

/**
 * The bridge of this machine behind which a container with this address is. Null: its address is not routable here, as with a rootless
 * engine, Docker Desktop or an engine on another machine. `root`: prefix of /proc and /sys, for tests.
 */
export function bridgeTo(address: string, root = ''): string | null {
  try {
    const device = deviceTo(address, readFileSync(join(root, '/proc/net/route'), 'utf8'));
    return device !== null && existsSync(join(root, '/sys/class/net', device, 'bridge')) ? device : null;
  } catch {
    return null;
  }
}

/** Whether the kernel already lets packets with a loopback address through this bridge; null when the bridge has gone. */
export function routesLoopback(bridge: string, root = ''): boolean | null {
  try {
    return readFileSync(join(root, routeLocalnet(bridge)), 'utf8').trim() !== '0';
  } catch {
    return null;
  }
}

export function routeLocalnet(bridge: string): string {
  return `/proc/sys/net/ipv4/conf/${bridge}/route_localnet`;
}
