import type { Containers } from '../ports.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { statusOf } from './engine-failure.js';

type Gateways = Awaited<ReturnType<Containers['gateways']>>;

/** The parts of GET /networks/NAME that are read; Podman and IPv6-only networks may leave any of them out. */
interface Network {
  readonly IPAM?:
    | { readonly Config?: readonly { readonly Subnet?: string | undefined; readonly Gateway?: string | undefined }[] | null | undefined }
    | undefined;
}

/** IPv4 gateways of networks, with their subnets; networks that are gone or have none are left out. */
export async function gatewaysOf(connection: Connection, networks: readonly string[]): Promise<Gateways> {
  const found = await Promise.all(networks.map(network => gatewayOf(connection, network)));
  return found.flat();
}

async function gatewayOf(connection: Connection, network: string): Promise<Gateways> {
  try {
    const seen: Network = await connection.call(`inspect network ${network}`, DEADLINE.quick, client =>
      client.getNetwork(network).inspect(),
    );
    return mapGateway(network, seen);
  } catch (error) {
    if (statusOf(error) === 404) return [];
    throw error;
  }
}

/** Pure. Docker writes the gateway as `172.18.0.1`, old versions with a prefix length. */
export function mapGateway(network: string, { IPAM }: Network): Gateways {
  const configs = IPAM?.Config ?? [];
  const address = configs.map(each => (each.Gateway ?? '').split('/')[0] ?? '').find(text => /^\d+\.\d+\.\d+\.\d+$/.test(text));
  if (address === undefined) return [];
  return [{ network, address, subnets: configs.flatMap(each => (each.Subnet ? [each.Subnet] : [])) }];
}
