/** Private IPv4 ranges, RFC 1918: first address as a number, and prefix. */
const PRIVATE_V4: readonly (readonly [first: number, prefix: number])[] = [
  [0x0a_00_00_00, 8],
  [0xac_10_00_00, 12],
  [0xc0_a8_00_00, 16],
];

/**
 * Whether a subnet (`10.1.0.0/16`, `fd00:1::/64`) lies wholly in a private range: RFC 1918, or unique local addresses of IPv6
 * (RFC 4193, fc00::/7). Everything else is somebody's: the internet, link-local services (cloud metadata), loopback, and 100.64.0.0/10,
 * in which VPNs such as Tailscale put real machines. False as well for what is no subnet.
 */
export function isPrivateSubnet(text: string): boolean {
  const [address = '', length = '', ...more] = text.trim().split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  const prefix = Number(length);
  const first = ipv4(address);
  if (first !== null) return prefix <= 32 && PRIVATE_V4.some(([range, width]) => prefix >= width && sameHead(first, range, width));
  // Four digits: fc:: is 00fc::.
  return prefix >= 7 && prefix <= 128 && /^f[cd][0-9a-f]{2}:[0-9a-f:]*$/i.test(address);
}

/** As Go reads it: four decimal numbers without leading zeros. */
function ipv4(text: string): number | null {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const parts = text.split('.').map(Number);
  return parts.some(part => part > 255) ? null : parts.reduce((sum, part) => sum * 256 + part, 0);
}

function sameHead(a: number, b: number, bits: number): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(a / size) === Math.floor(b / size);
}
