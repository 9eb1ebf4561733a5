import { LABEL } from '../../model/labels.js';
import type { NetworkSpec } from '../../model/spec.js';
import { overlaps, parseBlock } from '../../shared/cidr.js';
import { type Failure, FailureError, type FailureOf, failure } from '../../shared/failure.js';
import { saysPoolsUsedUp } from '../client/classify.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';

/** A network and its subnets, as the engine's list shows them. */
export interface NetworkSubnets {
  readonly name: string;
  readonly subnets: readonly string[];
  /** Whose it is, by its label; null: not of a daemon of ours. */
  readonly instance?: string | null;
}

/** Adds to a network-clash the network that is in the way, or how many there are; any other error stays what it is. */
export async function explainClash(connection: EngineConnection, instance: string, spec: NetworkSpec, error: unknown): Promise<unknown> {
  if (!(error instanceof FailureError) || error.failure.code !== 'network-clash') return error;
  const others = await subnetsOf(connection).catch(() => []);
  if (saysPoolsUsedUp(error.failure)) return new FailureError(usedUp(spec, others, instance, error.failure));
  const other = findOverlap(spec.subnets, others);
  if (!other) return error;
  const text = `Network ${spec.name} (${spec.subnets.join(', ')}) overlaps with network ${other.name} (${other.subnets.join(', ')})`;
  return new FailureError(
    failure('network-clash', text, { ...error.failure.details, network: spec.name, other: other.name, subnets: other.subnets }),
  );
}

/** The engine has no subnet left to give. */
function usedUp(spec: NetworkSpec, others: readonly NetworkSubnets[], instance: string, { details }: FailureOf<'network-clash'>): Failure {
  const having = others.filter(({ subnets }) => subnets.length > 0);
  const ours = having.filter(each => each.instance === instance).length;
  return failure(
    'network-clash',
    `Network ${spec.name} cannot be made: the engine's address pools are used up by ${having.length} networks (${ours} of them of laptop-dev).`,
    { ...details, network: spec.name, networks: having.length, ours },
    [
      'docker network prune removes the networks that no container is in',
      'LAPTOP_DEV_NETWORK_POOL=10.200.0.0/16 (a range that is free here) in the environment of the daemon gives laptop-dev subnets of its own',
      `Or give network ${spec.key} a subnet in the Compose file (ipam: config: - subnet: 10.200.0.0/24)`,
    ],
  );
}

/** The first network with a subnet that overlaps one of `wanted`. */
export function findOverlap(wanted: readonly string[], others: readonly NetworkSubnets[]): NetworkSubnets | null {
  return others.find(other => other.subnets.some(theirs => wanted.some(ours => overlap(ours, theirs)))) ?? null;
}

function overlap(one: string, two: string): boolean {
  const [a, b] = [parseBlock(one), parseBlock(two)];
  return a !== null && b !== null && overlaps(a, b);
}

export async function subnetsOf(connection: EngineConnection): Promise<NetworkSubnets[]> {
  const networks = await connection.call('list networks', DEADLINE.quick, (client, abortSignal) => client.listNetworks({ abortSignal }));
  return networks.map(each => ({
    name: each.Name,
    subnets: (each.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : [])),
    instance: each.Labels?.[LABEL.instance] ?? null,
  }));
}
