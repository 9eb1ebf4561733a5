import { canSleep, innerPorts, listenersOf } from '../../model/listeners.js';
import type { ObservedContainer } from '../../model/observed.js';
import type { ContainerSpec, NetworkAttachment, ProjectSpec, ServiceId, ServiceSpec } from '../../model/spec.js';
import { canonical } from '../../shared/canonical.js';
import { idOf, type ServiceEntry, type World } from './world.js';

/** A network's gateway that is an address of this machine: containers reach the daemon there, and the daemon reaches them. */
export interface Gateway {
  /** Key of the network in its project. */
  readonly network: string;
  readonly address: string;
  /** CIDRs of the network: connections from elsewhere are not answered at the gateway. */
  readonly subnets: readonly string[];
  /** A further address of this machine for these services of the network, whose ports others have at its own gateway; absent: its own. */
  readonly only?: readonly string[];
  /** Connections from the network do not arrive there: no container is given the address. */
  readonly deaf?: boolean;
}

/** A port that the daemon listens on for a service, for the machine (`gateway: null`) or for the containers of a network. */
export interface WantedListener {
  readonly service: ServiceId;
  readonly address: string;
  readonly port: number;
  readonly containerPort: number;
  readonly gateway: Gateway | null;
  /** Its file does not name the port: its image exposes it, or it was seen to listen there. */
  readonly extra: boolean;
}

/** How far a project's listeners are. `due`: to be opened or closed, for something has changed. */
export type ListenerState =
  | { readonly kind: 'due' }
  | { readonly kind: 'opening'; readonly serial: number }
  | {
      readonly kind: 'open';
      readonly gateways: readonly Gateway[];
      /** Services that others in their networks reach through the daemon, so that a connection wakes them. */
      readonly served: ReadonlySet<string>;
      /** Why others in their networks cannot wake these, in a sentence each, by name. */
      readonly unserved: ReadonlyMap<string, string>;
      /** Services whose ports could not be opened: tried again when they stop or are to start. */
      readonly missing: ReadonlySet<ServiceId>;
    };

export const NO_LISTENERS: ListenerState = { kind: 'open', gateways: [], served: new Set(), unserved: new Map(), missing: new Set() };

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
export function wantedListeners(world: World, project: string, gateways: readonly Gateway[]): WantedListener[] {
  const known = world.projects.get(project);
  if (!known || known.leaving) return [];
  return [...world.services.values()]
    .filter(entry => entry.spec.project === project && hasListeners(entry))
    .flatMap(entry => listenersFor(entry, gateways));
}

function hasListeners(entry: ServiceEntry): boolean {
  return entry.desired === 'up' && canSleep(entry.spec);
}

function listenersFor({ spec, listens }: ServiceEntry, gateways: readonly Gateway[]): WantedListener[] {
  const service = idOf(spec);
  const outer = listenersOf(spec).map(({ hostIp, port, containerPort }) => {
    return { service, address: hostIp, port, containerPort, gateway: null, extra: false };
  });
  const inner = gateways
    .filter(gateway => spec.container?.networks.some(({ network }) => network === gateway.network) && answersFor(gateway, spec, gateways))
    .filter(({ deaf }) => deaf !== true)
    .flatMap(gateway => {
      const at = { service, address: gateway.address, gateway };
      return [
        ...innerPorts(spec).map(port => ({ ...at, port, containerPort: port, extra: false })),
        ...listens.map(port => ({ ...at, port, containerPort: port, extra: true })),
      ];
    });
  return [...outer, ...inner];
}

function answersFor({ network, only }: Gateway, { name }: ServiceSpec, gateways: readonly Gateway[]): boolean {
  return only ? only.includes(name) : !gateways.some(other => other.network === network && other.only?.includes(name));
}

/** Further addresses that a project gets at most: each is a network of its own at the engine. */
const MOST_PLACES = 16;

/** Key of the network whose gateway is a project's further address of this number. */
export function placeKey(place: number): string {
  return `laptop-dev-${place}`;
}

/** Names of all networks whose gateways may be further addresses of a project. */
export function placeNames(project: string): readonly string[] {
  return Array.from({ length: MOST_PLACES }, (_, at) => `${project}_${placeKey(at + 1)}`);
}

/**
 * At which address each service that can sleep is reached by others: 0: the gateway of its network; a port is one service's there, so the
 * next one with the same port gets place 1, an address that the project shares, and so on. Null: none, for who is in an internal network
 * reaches nothing but its gateway, or there are too many.
 */
export function gatewayPlacesOf(sleepers: readonly ServiceSpec[], internal: ReadonlySet<string>): ReadonlyMap<string, number | null> {
  const taken = new Map<string, string>();
  const places = new Map<string, number | null>();
  for (const spec of sleepers) {
    const networks = (spec.container?.networks ?? []).map(({ network }) => network);
    const keys = (place: number) =>
      innerPorts(spec).flatMap(port => (place === 0 ? networks : ['']).map(where => `${place} ${where} ${port}`));
    const isFree = (place: number) => keys(place).every(key => !taken.has(key));
    const last = networks.some(network => internal.has(network)) ? 0 : MOST_PLACES;
    const place = Array.from({ length: last + 1 }, (_, index) => index).find(isFree) ?? null;
    places.set(spec.name, place);
    if (place !== null) for (const key of keys(place)) taken.set(key, spec.name);
  }
  return places;
}

/** How a container is connected beyond its definition: names that lead to the daemon, and how its ports are published. */
export interface Wiring {
  /** `name:address`, as extra_hosts has it. */
  readonly hosts: readonly string[];
  /** as-written: the engine listens on the ports of the file. ephemeral: on ports of its own choice, for the daemon to reach. none: the daemon reaches the container itself. */
  readonly publish: 'as-written' | 'ephemeral' | 'none';
}

export function wiringOf(spec: ServiceSpec, project: ProjectSpec, listeners: ListenerState): Wiring {
  const gateways = listeners.kind === 'open' ? listeners.gateways : [];
  const served = listeners.kind === 'open' ? listeners.served : new Set<string>();
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
    const gateway = gateways.find(each => each.network === attachment.network && answersFor(each, other, gateways));
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

/** Where a container port is at the container's own address, and where the engine publishes it; null where it is not. */
export function reachedDirectly({ ip, ports }: Pick<Address, 'ip' | 'ports'>, containerPort: number) {
  const published = reachedAt({ ip: null, ports }, containerPort);
  return { direct: ip === null ? null : { host: ip, port: containerPort }, published };
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
