import { isIPv4 } from 'node:net';
import type { Redirect } from '../ports/redirects.js';
import { bridgeTo } from './routes.js';
import type { Rule } from './rules.js';

/** Why the kernel cannot carry it, in a sentence; null: it can. `deaf`: bridges that did not carry anything. */
export function redirectRefusal({ hostIp, to }: Redirect, deaf: ReadonlySet<string>): string | null {
  if (listenAddress(hostIp) === null) return `the kernel redirects connections to 127.0.0.1 only, not to ${hostIp}`;
  const bridge = bridgeTo(to.host);
  if (bridge === null) return `the container's address ${to.host} is not on a bridge of this machine`;
  return deaf.has(bridge) ? `redirected connections got no answer through ${bridge}` : null;
}

/** What a rule needs to know; none when the kernel cannot carry it. */
export function ruleOf({ service, hostIp, port, to }: Redirect): readonly Rule[] {
  const [address, bridge] = [listenAddress(hostIp), bridgeTo(to.host)];
  return address !== null && bridge !== null ? [{ service, address, port, to, bridge }] : [];
}

function listenAddress(hostIp: string): string | null {
  if (hostIp === '0.0.0.0') return '127.0.0.1';
  return isIPv4(hostIp) && hostIp.startsWith('127.') ? hostIp : null;
}
