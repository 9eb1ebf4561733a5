import { BlockList, isIPv6 } from 'node:net';
import { FailureError, failure } from '../core/failure.js';
import type { NetworkSpec } from '../core/model.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';

/** A network and its subnets, as the engine's list shows them. */
export interface NetworkSubnets {
  readonly name: string;
  readonly subnets: readonly string[];
}

/** Adds the network that is in the way to a network-clash; any other error stays what it is. */
export async function explainClash(connection: Connection, spec: NetworkSpec, error: unknown): Promise<unknown> {
  if (!(error instanceof FailureError) || error.failure.code !== 'network-clash') return error;
  const others = await subnetsOf(connection).catch(() => []);
  const other = findOverlap(spec.subnets, others);
  if (!other) return error;
  const text = `Network ${spec.name} (${spec.subnets.join(', ')}) overlaps with network ${other.name} (${other.subnets.join(', ')})`;
  return new FailureError(
    failure('network-clash', text, { ...error.failure.details, network: spec.name, other: other.name, subnets: other.subnets }),
  );
}

/** The first network with a subnet that overlaps one of `wanted`. */
export function findOverlap(wanted: readonly string[], others: readonly NetworkSubnets[]): NetworkSubnets | null {
  return others.find(other => other.subnets.some(theirs => wanted.some(ours => overlaps(ours, theirs)))) ?? null;
}

/** Two subnets overlap when one holds the other's first address. */
function overlaps(one: string, two: string): boolean {
  return holds(one, two) || holds(two, one);
}

function holds(subnet: string, other: string): boolean {
  const [base = '', prefix] = subnet.split('/');
  const [address = ''] = other.split('/');
  const family = isIPv6(base) ? 'ipv6' : 'ipv4';
  if (isIPv6(address) !== (family === 'ipv6')) return false;
  try {
    const list = new BlockList();
    list.addSubnet(base, Number(prefix), family);
    return list.check(address, family);
  } catch {
    return false;
  }
}

async function subnetsOf(connection: Connection): Promise<NetworkSubnets[]> {
  const networks = await connection.call('list networks', DEADLINE.quick, (client, abortSignal) => client.listNetworks({ abortSignal }));
  return networks.map(each => ({ name: each.Name, subnets: (each.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : [])) }));
}
