import type { ContainerSpec, PortSpec, ServiceSpec } from './spec.js';

/** A host port of a service at which the daemon listens, asleep or awake. */
export interface ListenerSpec {
  readonly hostIp: string;
  readonly port: number;
  readonly containerPort: number;
}

/** A service before its hash is known: the hash depends on its listeners. */
type Definition = Omit<ServiceSpec, 'configHash'>;

/** Where servers listen when nobody says otherwise; their images declare it, Compose files often do not. */
const USUAL_PORT: Readonly<Record<ServiceSpec['protocol'], number | null>> = {
  tcp: null,
  http: null,
  tls: null,
  postgres: 5432,
  redis: 6379,
};
/** `expose` may name a range; a wider one is taken from its beginning, as many as config/compose/normalise/ports publishes. */
const MOST_PORTS = 1000;

/**
 * Whether a service can be asleep and woken by a connection: on-demand, or with a time after which it is stopped or frozen;
 * and reachable only through TCP ports that the daemon can hold.
 */
export function canSleep(spec: Definition): boolean {
  const known = sleepers.get(spec);
  if (known !== undefined) return known;
  const can = isAskedToSleep(spec) && obstacle(spec) === null;
  sleepers.set(spec, can);
  return can;
}

/** Asked of each service in each decision; definitions are never changed in place. */
const sleepers = new WeakMap<Definition, boolean>();

/** Why a service that is asked to sleep cannot; null: it can, or is not asked to. */
export function whyAwake(spec: Definition): string | null {
  return isAskedToSleep(spec) ? obstacle(spec) : null;
}

/** The host ports that the daemon listens on for it: every TCP port with a fixed host port; empty when it cannot sleep. */
export function listenersOf(spec: Definition): readonly ListenerSpec[] {
  if (!canSleep(spec)) return [];
  return tcpPorts(spec.container).flatMap(({ hostIp, host, container }) =>
    host === null ? [] : [{ hostIp, port: host, containerPort: container }],
  );
}

/**
 * Container ports at which others in its networks reach it: its TCP ports, its `expose`, and the protocol's own (postgres 5432,
 * redis 6379); each once. Whether it sleeps does not matter.
 */
export function innerPorts(spec: Definition): readonly number[] {
  const { container, protocol } = spec;
  if (container === null || container.networkMode !== null) return [];
  const usual = USUAL_PORT[protocol];
  return [...new Set([...tcpPortsOf(container), ...(usual === null ? [] : [usual])])];
}

/** Container ports that the Compose file names, published or exposed; each once. */
export function tcpPortsOf(container: Pick<ContainerSpec, 'ports' | 'expose'> | null): readonly number[] {
  return [...new Set([...tcpPorts(container).map(port => port.container), ...(container?.expose ?? []).flatMap(exposedTcp)])];
}

function isAskedToSleep(spec: Definition): boolean {
  return spec.start === 'on-demand' || spec.idle !== null || spec.activation.freezeAfter !== null;
}

function obstacle(spec: Definition): string | null {
  const { container } = spec;
  if (container === null) return 'its definition is not known: it was found by its labels';
  if (container.networkMode !== null) return `has network_mode: ${container.networkMode}: the daemon cannot listen in its place`;
  const udp = container.ports.find(port => port.protocol === 'udp');
  if (udp !== undefined) return `publishes ${udp.host ?? udp.container}/udp: a datagram cannot wake it`;
  const exposed = container.expose.find(text => /\/udp$/i.test(text));
  if (exposed !== undefined) return `exposes ${exposed}: a datagram cannot wake it`;
  // Without a port for others in its networks there is none with a fixed host port either.
  return innerPorts(spec).length > 0 ? null : 'has no TCP port (ports, expose): no connection can wake it';
}

function tcpPorts(container: Pick<ContainerSpec, 'ports'> | null): readonly PortSpec[] {
  return container?.ports.filter(port => port.protocol === 'tcp') ?? [];
}

/** `3000`, `3000/tcp`, `3000-3005`; other protocols and what is no port give nothing. */
function exposedTcp(text: string): number[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/tcp)?$/i.exec(text.trim());
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > 65_535) return [];
  return Array.from({ length: Math.min(MOST_PORTS, Math.max(0, last - first + 1)) }, (_, offset) => first + offset);
}
