import type { Protocol, ServiceSpec } from './model.js';

/** A host port that the daemon listens on for a service. */
export interface DoorSpec {
  readonly hostIp: string;
  readonly port: number;
  readonly containerPort: number;
}

const OWN_PORT: Readonly<Partial<Record<Protocol, number>>> = { postgres: 5432, redis: 6379 };

/** Whether a service can be asleep and woken by a connection: on-demand, or with an idle time; reachable only through TCP ports that the daemon can hold. */
export function canSleep(spec: ServiceSpec): boolean {
  return (spec.start === 'on-demand' || spec.idle !== null) && whyAwake(spec) === null;
}

/** The host ports that the daemon listens on for it: every TCP port with a fixed host port; empty when it cannot sleep. */
export function doorsOf(spec: ServiceSpec): readonly DoorSpec[] {
  if (!canSleep(spec)) return [];
  return (spec.container?.ports ?? []).flatMap(({ hostIp, host, container }) =>
    host === null ? [] : [{ hostIp, port: host, containerPort: container }],
  );
}

/** Container ports at which others in its networks reach it: its TCP ports, its `expose`, and the protocol's own. */
export function innerPorts(spec: ServiceSpec): readonly number[] {
  const ports = (spec.container?.ports ?? []).filter(port => port.protocol === 'tcp').map(port => port.container);
  const exposed = (spec.container?.expose ?? []).flatMap(text => {
    const match = /^(\d+)(?:-(\d+))?(?:\/tcp)?$/.exec(text);
    const first = Number(match?.[1] ?? Number.NaN);
    const last = Number(match?.[2] ?? first);
    return match ? Array.from({ length: last - first + 1 }, (_, offset) => first + offset) : [];
  });
  const own = OWN_PORT[spec.protocol];
  return [...new Set([...ports, ...exposed, ...(own === undefined ? [] : [own])])];
}

/** Why a service that is asked to sleep cannot; null: it can, or is not asked to. */
export function whyAwake(spec: ServiceSpec): string | null {
  if (spec.start !== 'on-demand' && spec.idle === null) return null;
  const { container } = spec;
  if (container === null) return 'its definition is not known';
  if (container.networkMode !== null) return `it shares a network (${container.networkMode})`;
  const datagrams = container.ports.find(port => port.protocol === 'udp');
  if (datagrams) return `it publishes ${datagrams.container}/udp: a datagram cannot wake it`;
  const isReached = container.ports.some(port => port.host !== null) || innerPorts(spec).length > 0;
  return isReached ? null : 'it has no port at which a connection could wake it';
}
