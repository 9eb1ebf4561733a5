import type { Containers } from '../../ports/ports.js';
import { formatBlock, parseBlock, partOf } from '../../shared/cidr.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';

type Gateways = Awaited<ReturnType<Containers['gateways']>>;

/** The parts of GET /networks/NAME that are read; Podman and IPv6-only networks may leave any of them out. */
interface Network {
  readonly Driver?: string;
  readonly IPAM?: { readonly Config?: readonly Subnet[] | null | undefined } | undefined;
}
interface Subnet {
  readonly Subnet?: string | undefined;
  readonly IPRange?: string | undefined;
  readonly Gateway?: string | undefined;
}

/** IPv4 gateways of networks, with their subnets; networks that are gone or have none are left out. */
export async function gatewaysOf(connection: EngineConnection, networks: readonly string[]): Promise<Gateways> {
  const found = await Promise.all(networks.map(network => gatewayOf(connection, network)));
  return found.flat();
}

async function gatewayOf(connection: EngineConnection, network: string): Promise<Gateways> {
  try {
    const seen: Network = await connection.call(`inspect network ${network}`, DEADLINE.quick, client =>
      client.getNetwork(network).inspect(),
    );
    return mapGateway(network, seen);
  } catch (error) {
    if (engineStatusOf(error) === 404) return [];
    throw error;
  }
}

/**
 * Pure. Docker writes the gateway as `172.18.0.1`, old versions with a prefix length. Until Docker 28 one that the file does not name is not
 * written at all: it is the first address of what is handed out (libnetwork's ipam.RequestPool).
 */
export function mapGateway(network: string, { Driver, IPAM }: Network): Gateways {
  const configs = IPAM?.Config ?? [];
  const address = configs.map(each => (each.Gateway ?? '').split('/')[0] || (isBridge(Driver) && firstOf(each))).find(isIPv4);
  if (address === undefined) return [];
  return [{ network, address, subnets: configs.flatMap(each => (each.Subnet ? [each.Subnet] : [])) }];
}

function isBridge(driver: string | undefined): boolean {
  return driver === undefined || driver === 'bridge';
}

function isIPv4(text: string | false): text is string {
  return text !== false && /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

function firstOf({ Subnet, IPRange }: Subnet): string {
  const block = parseBlock(IPRange || Subnet || '');
  if (block === null || block.bits !== 32) return '';
  // The subnet's own address is no host's; the first of a range within it may be.
  const isStart = parseBlock(Subnet ?? '')?.first === block.first;
  return formatBlock(partOf(block, 32, isStart ? 1n : 0n));
}
