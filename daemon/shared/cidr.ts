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

/** Addresses of IPv4 and IPv6 as numbers. */
export interface CidrBlock {
  readonly bits: 32 | 128;
  /** Its first address. */
  readonly first: bigint;
  readonly prefix: number;
}

/** An address, or a subnet in CIDR form (the bits behind its prefix are dropped); null: it is neither. */
export function parseBlock(text: string): CidrBlock | null {
  const [address = '', length, more] = text.trim().split('/');
  const number = address.includes(':') ? parseIPv6(address) : parseIPv4(address);
  if (number === null || more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const bits = address.includes(':') ? 128 : 32;
  const prefix = length === undefined ? bits : Number(length);
  return prefix > bits ? null : blockAt(bits, number, prefix);
}

/** As Go reads it: four decimal numbers without leading zeros, which others take for octal. */
function parseIPv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseIPv6(text: string): bigint | null {
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = mapped ? parseIPv4(mapped[2] ?? '') : 0n;
  if (last === null) return null;
  const whole = mapped ? `${mapped[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}` : text;
  const [head = '', tail, more] = whole.split('::');
  const words = (side: string): string[] => (side === '' ? [] : side.split(':'));
  const [front, back] = [words(head), words(tail ?? '')];
  const missing = 8 - front.length - back.length;
  if (more !== undefined || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const all = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  if (!all.every(word => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  return all.reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n);
}

function blockAt(bits: CidrBlock['bits'], address: bigint, prefix: number): CidrBlock {
  const size = 1n << BigInt(bits - prefix);
  return { bits, first: address - (address % size), prefix };
}

export function holds(outer: CidrBlock, inner: CidrBlock): boolean {
  return outer.bits === inner.bits && outer.prefix <= inner.prefix && blockAt(inner.bits, inner.first, outer.prefix).first === outer.first;
}

export function overlaps(one: CidrBlock, two: CidrBlock): boolean {
  return holds(one, two) || holds(two, one);
}

/** The `index`th part with this prefix of a block. */
export function partOf(block: CidrBlock, prefix: number, index: bigint): CidrBlock {
  return { bits: block.bits, first: block.first + index * (1n << BigInt(block.bits - prefix)), prefix };
}

/** An address alone has no prefix. IPv6 in eight words: engines read every form. */
export function formatBlock({ bits, first, prefix }: CidrBlock): string {
  const count = bits === 32 ? 4 : 8;
  const unit = bits === 32 ? 8n : 16n;
  const words = Array.from({ length: count }, (_, index) => (first >> (unit * BigInt(count - 1 - index))) & ((1n << unit) - 1n));
  const address = bits === 32 ? words.join('.') : words.map(word => word.toString(16)).join(':');
  return prefix === bits ? address : `${address}/${prefix}`;
}

/**
 * The largest part of a block that holds none of these addresses; null: there is none with at least four. What is handed out by turns comes
 * from there, so that an address that somebody has for himself stays free while he does not use it.
 */
export function freePart(block: CidrBlock, taken: readonly CidrBlock[]): CidrBlock | null {
  const inside = taken.filter(each => holds(block, each));
  if (inside.length === 0) return block;
  if (block.bits - block.prefix <= 2) return null;
  const halves = [1n, 0n].map(index => freePart(partOf(block, block.prefix + 1, index), inside));
  return halves.reduce((best, half) => (half !== null && (best === null || half.prefix < best.prefix) ? half : best), null);
}
