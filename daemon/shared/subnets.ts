import { holds, parseBlock } from './cidr.js';

/** RFC 1918, and unique local addresses of IPv6 (RFC 4193). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].flatMap(text => parseBlock(text) ?? []);

/**
 * Whether a subnet (`10.1.0.0/16`, `fd00:1::/64`) lies wholly in a private range. Everything else is somebody's: the internet, link-local
 * services (cloud metadata), loopback, and 100.64.0.0/10, in which VPNs such as Tailscale put real machines. False as well for what is no subnet.
 */
export function isPrivateSubnet(text: string): boolean {
  const block = text.includes('/') ? parseBlock(text) : null;
  return block !== null && PRIVATE.some(each => holds(each, block));
}
