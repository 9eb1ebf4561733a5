import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CidrBlock, formatBlock, overlaps, parseBlock, partOf } from '../../shared/cidr.js';

/**
 * Where networks get their subnets from when the file names none. Docker's own pools are used up by 31 networks, since each takes a /16 or /20;
 * a network of a laptop does with a /24. One range of each private block, for VPNs like to claim whole blocks; away from the ends, where
 * routers, clouds and Docker itself begin.
 */
export const USUAL_POOLS: readonly string[] = ['10.187.0.0/16', '172.30.0.0/16', '192.168.208.0/20'];

/** Routes to this much or more mean the whole internet: 0.0.0.0/0, and the halves and quarters in which VPNs write it. */
const EVERYWHERE = 7;
/** Routes as wide as this claim a private block wholesale: they are avoided while anything else is free. */
const WHOLESALE = 16;

/**
 * A subnet of the pools for the network of this name: the same each time while that is free, so that the addresses of a project stay. Free is
 * what no network of the engine and no route of the host overlaps; where wide routes cover all of the pools, as those of a company's VPN do, what no
 * narrow one does. Null: none is free. Pure.
 */
export function chooseSubnet(
  name: string,
  pools: readonly string[],
  taken: readonly string[],
  routes: readonly string[],
): { readonly subnet: string; readonly gateway: string } | null {
  const blocks = (texts: readonly string[]): CidrBlock[] => texts.flatMap(text => parseBlock(text) ?? []).filter(({ bits }) => bits === 32);
  const [networks, known] = [blocks(taken), blocks(routes).filter(({ prefix }) => prefix > EVERYWHERE)];
  const narrow = known.filter(({ prefix }) => prefix > WHOLESALE);
  for (const inTheWay of [known, narrow]) {
    for (const pool of blocks(pools)) {
      const found = freeIn(pool, name, [...networks, ...inTheWay]);
      if (found) return { subnet: formatBlock(found), gateway: formatBlock(partOf(found, 32, 1n)) };
    }
  }
  return null;
}

function freeIn(pool: CidrBlock, name: string, taken: readonly CidrBlock[]): CidrBlock | null {
  const prefix = prefixIn(pool);
  const count = 1 << (prefix - pool.prefix);
  const near = taken.filter(each => overlaps(each, pool));
  const first = createHash('sha256').update(name).digest().readUInt32BE(0) % count;
  for (let offset = 0; offset < count; offset += 1) {
    const part = partOf(pool, prefix, BigInt((first + offset) % count));
    if (!near.some(each => overlaps(each, part))) return part;
  }
  return null;
}

/** A /24 of a /16; of a smaller pool smaller ones, so that it still serves many networks. */
function prefixIn({ prefix }: CidrBlock): number {
  return Math.max(24, Math.ceil((prefix + 32) / 2));
}

/** What all routing tables of this host lead to, in CIDR form: a VPN's, too, that has a table of its own. Empty where that cannot be read. */
export function hostRoutes(root = ''): string[] {
  try {
    return routesIn(readFileSync(join(root, '/proc/net/fib_trie'), 'utf8'));
  } catch {
    return [];
  }
}

/** Pure; `text` is /proc/net/fib_trie: leaves as `|-- 10.0.0.0`, and below each its prefixes as `/8 universe UNICAST`. */
export function routesIn(text: string): string[] {
  let leaf = '';
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    leaf = /\|-- (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? leaf;
    const [, prefix, type] = /^\s*\/(\d+) \S+ (\w+)/.exec(line) ?? [];
    if (prefix !== undefined && type !== 'BROADCAST') found.add(`${leaf}/${prefix}`);
  }
  return [...found];
}
