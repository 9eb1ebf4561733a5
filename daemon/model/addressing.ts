import { type CidrBlock, formatBlock, freePart, holds, parseBlock, partOf } from '../shared/cidr.js';
import { type Failure, failure } from '../shared/failure.js';
import type { NetworkSpec, ProjectSpec, ServiceSpec, SubnetRange } from './spec.js';

/** A subnet of a network as the engine is asked for it. */
export interface RequestedSubnet {
  readonly subnet: string | null;
  /** What is handed out by turns comes from this part of it; null: from all of it. */
  readonly range: string | null;
  readonly gateway: string | null;
  readonly aux: Readonly<Record<string, string>>;
}

/**
 * The subnets of a network, with the addresses that its services have for themselves kept out of what is handed out by turns: the engine
 * gives the lowest free address to whoever starts, and that of a service that sleeps is free. Empty: the file leaves all to the engine.
 */
export function requestedSubnets(spec: NetworkSpec): RequestedSubnet[] {
  const reserved = (spec.reserved ?? []).flatMap(text => parseBlock(text) ?? []);
  return rangesOf(spec).map(({ subnet, range, gateway, aux }) => {
    const whole = parseBlock(range ?? subnet ?? '');
    const inside = whole ? reserved.filter(each => holds(whole, each)) : [];
    if (whole === null || inside.length === 0) return { subnet, range, gateway, aux };
    const free = freePart(whole, inside);
    // Without a word the engine takes the first address of what it hands out for the gateway, and would take another one then.
    return { subnet, range: free === null ? range : formatBlock(free), gateway: gateway ?? firstFree(whole, inside), aux };
  });
}

function rangesOf({ subnets, ranges = [] }: NetworkSpec): readonly SubnetRange[] {
  const plain = subnets.filter(subnet => !ranges.some(range => range.subnet === subnet));
  return [...ranges, ...plain.map(subnet => ({ subnet, range: null, gateway: null, aux: {} }))];
}

/** The first address of a block that a host can have and none of these has. */
function firstFree(block: CidrBlock, taken: readonly CidrBlock[]): string | null {
  for (let index = 1n; index <= BigInt(taken.length) + 1n; index += 1n) {
    const address = partOf(block, block.bits, index);
    if (!taken.some(each => each.first === address.first)) return formatBlock(address);
  }
  return null;
}

/**
 * Why these services cannot have the addresses that the file gives them; null: they can. The engine says so to the second one that starts,
 * which may be hours later.
 */
export function addressFault(project: ProjectSpec, names: ReadonlySet<string>): Failure | null {
  const owners = new Map<string, string>();
  for (const service of project.services) {
    if (!names.has(service.name)) continue;
    for (const { network, address } of ownAddresses(service)) {
      const spec = project.networks.find(({ key }) => key === network);
      const fault = spec && faultOf(spec, service.name, address, owners);
      if (fault) return fault;
    }
  }
  return null;
}

function faultOf(spec: NetworkSpec, service: string, address: string, owners: Map<string, string>): Failure | null {
  const block = parseBlock(address);
  if (block === null) return null;
  const details = { service, network: spec.key, address };
  const key = `${spec.key} ${block.bits} ${block.first}`;
  const owner = owners.get(key);
  owners.set(key, service);
  const wrong = (why: string, remedy: string): Failure => failure('config-invalid', `${address} of ${service} ${why}`, details, [remedy]);
  if (owner !== undefined) return wrong(`is the address of ${owner} in network ${spec.key} too.`, `Give one of the two another address`);
  const subnets = rangesOf(spec).flatMap(({ subnet }) => (subnet === null ? [] : [subnet]));
  const own = subnets.filter(subnet => parseBlock(subnet)?.bits === block.bits);
  if (!spec.external && own.length > 0 && !own.some(subnet => isIn(subnet, block)))
    return wrong(`is not in network ${spec.key} (${own.join(', ')}).`, `Give it an address of ${own.join(' or ')}`);
  const used = rangesOf(spec).flatMap(({ gateway, aux }) => [
    ...(gateway === null ? [] : [['its gateway', gateway]]),
    ...Object.entries(aux),
  ]);
  const other = used.find(([, text = '']) => parseBlock(text)?.first === block.first && parseBlock(text)?.bits === block.bits);
  return other ? wrong(`is taken in network ${spec.key} by ${other[0]}.`, 'Give the service another address') : null;
}

function isIn(subnet: string, address: CidrBlock): boolean {
  const block = parseBlock(subnet);
  return block !== null && holds(block, address);
}

/** Addresses that a service has for itself. */
export function ownAddresses({
  container,
}: Pick<ServiceSpec, 'container'>): readonly { readonly network: string; readonly address: string }[] {
  return (container?.networks ?? []).flatMap(({ network, ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap(address => (address === null ? [] : [{ network, address }])),
  );
}
