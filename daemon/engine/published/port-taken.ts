import { DAEMON_NAME } from '../../files/process.js';
import { LABEL } from '../../model/labels.js';
import { type Failure, type FailureOf, failure } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { type OtherDaemon, otherDaemon } from './other-daemon.js';
import { type PortOwner, portOwner } from './port-owner.js';

type PortTaken = FailureOf<'port-taken'>;

/** A container that publishes the port, as the engine's list shows it. */
export interface Publisher {
  readonly container: string;
  readonly project: string | null;
  /** A daemon of laptop-dev made it, this one or another. */
  readonly managed?: boolean;
}

/** What holds a port: `gone` when nobody does any more and a second try may succeed. */
export interface Explained {
  readonly failure: Failure;
  readonly gone: boolean;
}

/** Completes a port-taken failure with the owner: the container that publishes the port, else the process with its PID. */
export async function explainPort(connection: EngineConnection, id: string, found: PortTaken): Promise<Explained> {
  const place = await placeOf(connection, id, found);
  if (!place) return { failure: found, gone: false };
  const publisher = await publisherOf(connection, place.port).catch(() => null);
  const owner = portOwner(place.hostIp, place.port);
  const daemon = await daemonBehind(publisher, owner, place.port);
  return {
    failure: portTaken(place.hostIp, place.port, publisher, owner, found.details, daemon),
    gone: publisher === null && owner === null,
  };
}

/** A port that the daemon itself could not open; a reason other than an owner (EACCES: it is below 1024) says all there is. */
export async function explainHeldPort(connection: EngineConnection, hostIp: string, port: number, found: Failure): Promise<Failure> {
  const known = found.code === 'port-taken' ? found.details : {};
  if (known.cause !== undefined && known.cause !== 'EADDRINUSE') return found;
  const publisher = await publisherOf(connection, port).catch(() => null);
  const owner = portOwner(hostIp, port);
  return portTaken(hostIp, port, publisher, owner, known, await daemonBehind(publisher, owner, port));
}

/** A container's port is published by the engine, whatever listens for it. */
function daemonBehind(publisher: Publisher | null, owner: PortOwner | null, port: number): Promise<OtherDaemon | null> {
  return publisher || !owner ? Promise.resolve(null) : otherDaemon(owner.pid, owner.uid, port);
}

/** The address from the engine's words; where they have none, the first binding of the container that somebody holds. */
async function placeOf(connection: EngineConnection, id: string, found: PortTaken): Promise<{ hostIp: string; port: number } | null> {
  const { hostIp = '', port } = found.details;
  if (port !== undefined) return { hostIp, port };
  const { HostConfig } = await connection.call('inspect', DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  const bindings: Record<string, { HostIp: string; HostPort: string }[] | null> = HostConfig.PortBindings ?? {};
  const places = Object.values(bindings).flatMap(each =>
    (each ?? []).map(({ HostIp, HostPort }) => ({ hostIp: HostIp, port: Number(HostPort) })),
  );
  return places.find(place => place.port > 0 && portOwner(place.hostIp, place.port)) ?? null;
}

/** Words for a port that is taken. `known`: what is known of it already; `daemon`: the owner is one of laptop-dev's. Pure. */
export function portTaken(
  hostIp: string,
  port: number,
  publisher: Publisher | null,
  owner: PortOwner | null,
  known: PortTaken['details'],
  daemon: OtherDaemon | null = null,
): Failure {
  const place = hostIp === '' ? `port ${port}` : `${hostIp}:${port}`;
  const details = { ...known, hostIp, port, pid: owner?.pid ?? null, process: owner?.name ?? null, ...publisher };
  if (daemon) {
    const { pid, user, project, service } = daemon;
    const said = { ...details, pid, process: DAEMON_NAME, user, project, service };
    return failure('port-taken', `${place} is taken by ${daemonText(daemon)}`, said, [giveUp(daemon), OTHER_PORT]);
  }
  return failure('port-taken', `${place} is taken by ${holder(publisher, owner)}`, details, [stopIt(publisher, owner, port), OTHER_PORT]);
}

const OTHER_PORT = 'Give the service another host port';

function daemonText({ pid, user, uid, project, service }: OtherDaemon): string {
  const whose = uid === process.getuid?.() ? 'another laptop-dev daemon of yours' : `the laptop-dev daemon of ${user}`;
  const by = pid === process.pid ? 'this laptop-dev daemon' : `${whose} (PID ${pid})`;
  return project === null ? by : `${by}, for ${service} of project ${project}`;
}

/** Ending the process would not be enough: its services run on, and it is not theirs alone. */
function giveUp({ user, uid, settings, project }: OtherDaemon): string {
  const as = uid === process.getuid?.() ? '' : `sudo -u ${user} `;
  const env = settings === '' || as === '' ? settings : `env ${settings}`;
  const command = project === null ? 'laptop-dev ps --all' : `laptop-dev down -p ${project}`;
  return `${as}${env}${command}${project === null ? ' shows whose port it is' : ' gives it up'}`;
}

function holder(publisher: Publisher | null, owner: PortOwner | null): string {
  const pid = owner?.pid ? ` (PID ${owner.pid})` : '';
  if (publisher)
    return `container ${publisher.container}${publisher.project ? ` of project ${publisher.project}` : ''}${owner?.name ? `, through ${owner.name}${pid}` : ''}`;
  if (owner?.name) return `${owner.name}${pid}`;
  return owner ? `a process of user ${owner.uid}` : 'another process, which cannot be seen from here (on WSL: perhaps a Windows program)';
}

/** Programs that hold a port for another one: to stop them would not be what is meant. */
const ON_BEHALF: readonly [program: RegExp, remedy: (port: number) => string][] = [
  [
    /^systemd$/,
    port =>
      `A socket unit holds it: systemctl list-sockets | grep ${port} names it, with --user those of a user; systemctl stop NAME.socket`,
  ],
  [
    /^(docker-proxy|rootlesskit|dockerd)$/,
    port => `A container of another Docker has it: docker ps --filter publish=${port} with that context names it`,
  ],
  [/^(rootlessport|conmon|pasta(\.avx2)?|slirp4netns|exe)$/, port => `A container has it: podman ps --filter publish=${port} names it`],
  [/^(sshd?|sshd-session)$/, () => 'An SSH session forwards it (-L or -R): close that session'],
  [/^(wslrelay|localhost)$/, port => `Windows holds it: netstat -ano | findstr :${port} in PowerShell names the process`],
];

function stopIt(publisher: Publisher | null, owner: PortOwner | null, port: number): string {
  if (publisher?.managed && publisher.project)
    return `laptop-dev down -p ${publisher.project}, of the daemon that made it, stops container ${publisher.container}`;
  if (publisher) return `Stop container ${publisher.container}`;
  const behalf = ON_BEHALF.find(([program]) => program.test(owner?.name ?? ''));
  if (behalf) return behalf[1](port);
  return owner?.pid ? `Stop process ${owner.pid}` : 'Stop the owner';
}

async function publisherOf(connection: EngineConnection, port: number): Promise<Publisher | null> {
  const containers = await connection.call('list', DEADLINE.quick, (client, abortSignal) => client.listContainers({ abortSignal }));
  const found = containers.find(each => each.Ports?.some(published => published.PublicPort === port));
  if (!found) return null;
  const project = found.Labels?.[LABEL.project] ?? found.Labels?.[LABEL.composeProject] ?? null;
  const managed = found.Labels?.[LABEL.instance] === undefined ? {} : { managed: true };
  return { container: (found.Names[0] ?? found.Id).replace(/^\//, ''), project, ...managed };
}
