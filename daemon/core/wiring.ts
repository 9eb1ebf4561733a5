import { canonical } from './canonical.js';
import { canSleep, doorsOf, innerPorts } from './doors.js';
import type { ContainerSpec, NetworkAttachment, ProjectSpec, ServiceId, ServiceSpec } from './model.js';
import type { ObservedContainer } from './observed.js';
import { idOf, type ServiceEntry, type World } from './world.js';

/** A network's gateway that is an address of this machine: containers reach the daemon there, and the daemon reaches them. */
export interface Gateway {
  /** Key of the network in its project. */
  readonly network: string;
  readonly address: string;
  /** CIDRs of the network: nobody else is answered at the gateway. */
  readonly subnets: readonly string[];
}

/** A port that the daemon listens on for a service, for the machine (`gateway: null`) or for the containers of a network. */
export interface WantedDoor {
  readonly service: ServiceId;
  readonly address: string;
  readonly port: number;
  readonly containerPort: number;
  readonly gateway: Gateway | null;
}

/** How far a project's doors are; `due`: to be opened or closed, for something has changed. */
export type Doors =
  | { readonly kind: 'due' }
  | { readonly kind: 'opening'; readonly serial: number }
  | {
      readonly kind: 'open';
      readonly gateways: readonly Gateway[];
      /** Services that others in their networks reach through the daemon, so that a connection wakes them. */
      readonly served: ReadonlySet<string>;
      /** Services whose ports could not be opened: tried again when they stop or are to start. */
      readonly missing: ReadonlySet<ServiceId>;
    };

export const NO_DOORS: Doors = { kind: 'open', gateways: [], served: new Set(), missing: new Set() };

/** Where a running container is reached. */
export interface Address {
  readonly ip: string | null;
  readonly ports: ObservedContainer['ports'];
  /** Of its main process, on the engine's host. */
  readonly pid: number | null;
}

export function addressOf({ ip, ports, pid }: ObservedContainer): Address {
  return { ip, ports, pid };
}

/** What the daemon is to listen on for a project: the host's ports of all that can sleep, and their ports inside its networks. */
export function wantedDoors(world: World, project: string, gateways: readonly Gateway[]): WantedDoor[] {
  const known = world.projects.get(project);
  if (!known || known.leaving) return [];
  return [...world.services.values()]
    .filter(entry => entry.spec.project === project && hasDoors(entry))
    .flatMap(({ spec }) => doorsFor(spec, gateways));
}

function hasDoors(entry: ServiceEntry): boolean {
  return entry.want === 'up' && canSleep(entry.spec);
}

function doorsFor(spec: ServiceSpec, gateways: readonly Gateway[]): WantedDoor[] {
  const service = idOf(spec);
  const outer = doorsOf(spec).map(({ hostIp, port, containerPort }) => ({ service, address: hostIp, port, containerPort, gateway: null }));
  const inner = gateways
    .filter(gateway => spec.container?.networks.some(({ network }) => network === gateway.network))
    .flatMap(gateway => innerPorts(spec).map(port => ({ service, address: gateway.address, port, containerPort: port, gateway })));
  return [...outer, ...inner];
}

/** How a container is connected beyond its definition: names that lead to the daemon, and how its ports are published. */
export interface Wiring {
  /** `name:address`, as extra_hosts has it. */
  readonly hosts: readonly string[];
  /** as-written: the engine listens on the ports of the file. ephemeral: on ports of its own choice, for the daemon to reach. none: the daemon reaches the container itself. */
  readonly publish: 'as-written' | 'ephemeral' | 'none';
}

export function wiringOf(spec: ServiceSpec, project: ProjectSpec, doors: Doors): Wiring {
  const gateways = doors.kind === 'open' ? doors.gateways : [];
  const served = doors.kind === 'open' ? doors.served : new Set<string>();
  const hosts = project.services
    .filter(other => other.name !== spec.name && served.has(other.name))
    .flatMap(other => namesIn(other, spec, gateways));
  const publish = !canSleep(spec) ? 'as-written' : isDirect(spec, gateways) ? 'none' : 'ephemeral';
  return { hosts: [...new Set(hosts)].sort(), publish };
}

/** The daemon reaches it at its own address: the gateway of its first network, whose address the engine shows, is this machine's. */
function isDirect(spec: ServiceSpec, gateways: readonly Gateway[]): boolean {
  const networks = spec.container?.networks ?? [];
  return networks.length > 0 && networks.every(({ network }) => gateways.some(gateway => gateway.network === network));
}

function namesIn(other: ServiceSpec, spec: ServiceSpec, gateways: readonly Gateway[]): string[] {
  const shares = (attachment: NetworkAttachment): boolean =>
    spec.container?.networks.some(({ network }) => network === attachment.network) ?? false;
  return (other.container?.networks ?? []).filter(shares).flatMap(attachment => {
    const gateway = gateways.find(({ network }) => network === attachment.network);
    return gateway ? [other.name, ...attachment.aliases].map(name => `${name}:${gateway.address}`) : [];
  });
}

/** For the label of a container; empty: nothing beyond its definition. */
export function wiringText(wiring: Wiring): string {
  return wiring.publish === 'as-written' && wiring.hosts.length === 0 ? '' : canonical(wiring);
}

/** The container with the wiring in it; a host of the file's own wins. */
export function wired(container: ContainerSpec, { hosts, publish }: Wiring): ContainerSpec {
  const own = new Set(container.extraHosts.map(text => text.split(/[:=]/)[0]));
  const extraHosts = [...container.extraHosts, ...hosts.filter(text => !own.has(text.split(':')[0]))];
  if (publish === 'as-written') return { ...container, extraHosts };
  const { ports } = container;
  const exposed = ports.map(port => `${port.container}/${port.protocol}`);
  if (publish === 'none')
    return { ...container, extraHosts, ports: ports.filter(port => port.host === null), expose: [...container.expose, ...exposed] };
  return { ...container, extraHosts, ports: ports.map(port => ({ ...port, hostIp: '127.0.0.1', host: null })) };
}

/** Where a connection to `containerPort` of a running service goes; null: nowhere now. */
export function targetOf(entry: ServiceEntry, containerPort: number): { readonly host: string; readonly port: number } | null {
  const { state, address } = entry;
  if (state.kind !== 'running' || state.frozen || address === null) return null;
  return reachedAt(address, containerPort);
}

/** A port of its own that the engine published wins: it is there just where the container's address cannot be reached. */
export function reachedAt(
  { ip, ports }: Pick<Address, 'ip' | 'ports'>,
  containerPort: number,
): { readonly host: string; readonly port: number } | null {
  const published = ports.find(port => port.container === containerPort && port.protocol === 'tcp');
  if (published) return { host: published.hostIp === '0.0.0.0' ? '127.0.0.1' : published.hostIp, port: published.host };
  return ip === null ? null : { host: ip, port: containerPort };
}
