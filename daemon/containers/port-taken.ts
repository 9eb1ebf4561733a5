import { type Failure, failure } from '../core/failure.js';
import { LABEL } from '../core/labels.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { type PortOwner, portOwner } from './port-owner.js';

/** A container that publishes the port, as the engine's list shows it. */
export interface Publisher {
  readonly container: string;
  readonly project: string | null;
}

/** What holds a port: `gone` when nobody does any more and a second try may succeed. */
export interface Explained {
  readonly failure: Failure;
  readonly gone: boolean;
}

/** Completes a port-taken failure with the owner: the container that publishes the port, else the process with its PID. */
export async function explainPort(connection: Connection, id: string, found: Failure): Promise<Explained> {
  const place = await placeOf(connection, id, found);
  if (!place) return { failure: found, gone: false };
  const publisher = await publisherOf(connection, place.port).catch(() => null);
  const owner = portOwner(place.hostIp, place.port);
  return { failure: portTaken(place.hostIp, place.port, publisher, owner, found), gone: publisher === null && owner === null };
}

/** A port that the daemon itself could not open; a reason other than an owner (EACCES: it is below 1024) says all there is. */
export async function explainHeldPort(connection: Connection, hostIp: string, port: number, found: Failure): Promise<Failure> {
  if (found.details['cause'] !== undefined && found.details['cause'] !== 'EADDRINUSE') return found;
  const publisher = await publisherOf(connection, port).catch(() => null);
  return portTaken(hostIp, port, publisher, portOwner(hostIp, port), found);
}

/** The address from the engine's words; where they have none, the first binding of the container that somebody holds. */
async function placeOf(connection: Connection, id: string, found: Failure): Promise<{ hostIp: string; port: number } | null> {
  const { hostIp, port } = found.details;
  if (typeof port === 'number') return { hostIp: typeof hostIp === 'string' ? hostIp : '', port };
  const { HostConfig } = await connection.call('inspect', DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = HostConfig.PortBindings ?? {};
  const places = Object.values(bindings).flatMap(each =>
    (each ?? []).map(({ HostIp, HostPort }) => ({ hostIp: HostIp, port: Number(HostPort) })),
  );
  return places.find(place => place.port > 0 && portOwner(place.hostIp, place.port)) ?? null;
}

/** Words for a port that is taken. Pure. */
export function portTaken(hostIp: string, port: number, publisher: Publisher | null, owner: PortOwner | null, found: Failure): Failure {
  const place = hostIp === '' ? `port ${port}` : `${hostIp}:${port}`;
  const details = { ...found.details, hostIp, port, pid: owner?.pid ?? null, process: owner?.name ?? null, ...publisher };
  return failure('port-taken', `${place} is taken by ${holder(publisher, owner)}`, details, [
    stopIt(publisher, owner),
    'Give the service another host port',
  ]);
}

function holder(publisher: Publisher | null, owner: PortOwner | null): string {
  const pid = owner?.pid ? ` (PID ${owner.pid})` : '';
  if (publisher)
    return `container ${publisher.container}${publisher.project ? ` of project ${publisher.project}` : ''}${owner?.name ? `, through ${owner.name}${pid}` : ''}`;
  if (owner?.name) return `${owner.name}${pid}`;
  return owner ? `a process of user ${owner.uid}` : 'another process, which cannot be seen from here (on WSL: perhaps a Windows program)';
}

function stopIt(publisher: Publisher | null, owner: PortOwner | null): string {
  if (publisher) return `Stop container ${publisher.container}`;
  return owner?.pid ? `Stop process ${owner.pid}` : 'Stop the owner';
}

async function publisherOf(connection: Connection, port: number): Promise<Publisher | null> {
  const containers = await connection.call('list', DEADLINE.quick, (client, abortSignal) => client.listContainers({ abortSignal }));
  const found = containers.find(each => each.Ports?.some(published => published.PublicPort === port));
  if (!found) return null;
  const project = found.Labels?.[LABEL.project] ?? found.Labels?.[LABEL.composeProject] ?? null;
  return { container: (found.Names[0] ?? found.Id).replace(/^\//, ''), project };
}
