import { canonical } from './canonical.js';
import type { ContainerSpec, MountSpec, NetworkSpec, ProjectSpec, VolumeSpec } from './model.js';
import { isWithin, normalPath } from './paths.js';

/** One point at which a project's file asks for power over the machine beyond its own folder. */
export interface Risk {
  /** Name of the service; `network KEY` or `volume KEY` for one of those. */
  readonly service: string;
  /** The setting as it stands: `privileged: true`, `volume /etc → /host`. */
  readonly what: string;
  /** What it would allow. */
  readonly why: string;
}

/** Capabilities that Docker and Podman give by default (moby oci/caps/defaults.go): asking for one of them adds nothing. */
const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
);

const ENGINE_SOCKET = /(^|\/)(docker|podman|containerd|crio|buildkitd|dockershim|laptop-dev\/daemon)[^/]*\.sock$/;
/** Folders in which engines keep their sockets. /run/user/UID has those of rootless engines, and this daemon's own. */
const SOCKET_FOLDERS = /^\/(var\/)?run(\/(docker|podman|containerd|crio|buildkit|user(\/\d+(\/(docker|podman|laptop-dev))?)?))?$/;

/**
 * Everything in the project that a person should have read before it runs (facts: security 11). `up` is refused with
 * not-trusted naming each, until `--trust`. Sources of mounts are expected to be real paths: project/ resolves links.
 */
export function risks(spec: ProjectSpec): Risk[] {
  const found = spec.services.flatMap(service => {
    const points = service.container ? containerRisks(service.container, spec.root) : [];
    return points.map(([what, why]) => ({ service: service.name, what, why }));
  });
  const why = 'its values go into containers, from outside the project';
  const read = spec.outside.map(file => ({ service: 'env_file', what: file, why }));
  return [...found, ...read, ...spec.networks.flatMap(networkRisks), ...spec.volumes.flatMap(volume => volumeRisks(volume, spec.root))];
}

type Point = readonly [what: string, why: string];

function containerRisks(container: ContainerSpec, root: string): Point[] {
  return [
    ...(container.privileged ? [['privileged: true', 'the container is root on this machine'] as const] : []),
    ...container.mounts.flatMap(mount => mountRisk(mount, root)),
    ...namespaceRisks(container),
    ...container.devices.map(device => [`device ${device}`, 'the container reaches the hardware directly'] as const),
    ...(container.deviceRequests ?? []).map(
      request => [`devices by driver: ${request.capabilities.join(', ')}`, 'the container reaches the hardware directly'] as const,
    ),
    ...(container.engineRuntime === undefined ? [] : [[`runtime: ${container.engineRuntime}`, 'another program makes the container'] as const]),
    ...container.capAdd
      .filter(name => !DEFAULT_CAPABILITIES.has(name.toUpperCase().replace(/^CAP_/, '')))
      .map(name => [`cap_add: ${name}`, 'a power that containers do not have by default'] as const),
    ...container.securityOpt
      .filter(option => !/^no-new-privileges\b/.test(option))
      .map(option => [`security_opt: ${option}`, "the engine's own confinement is replaced or switched off"] as const),
    ...Object.entries(container.sysctls)
      .filter(([name]) => !name.startsWith('net.'))
      .map(([name, value]) => [`sysctl ${name}=${value}`, 'a kernel setting that is not of the network namespace'] as const),
    ...buildRisks(container, root),
  ];
}

function mountRisk(mount: MountSpec, root: string): Point[] {
  if (mount.kind !== 'bind') return [];
  const what = `volume ${mount.source} → ${mount.target}${mount.readOnly ? ' (read-only)' : ''}`;
  const source = normalPath(mount.source) ?? mount.source;
  if (ENGINE_SOCKET.test(source) || SOCKET_FOLDERS.test(source) || ['/', '/var'].includes(source)) {
    return [[what, 'whoever reaches the socket of a container engine is root on this machine']];
  }
  if (!isWithin(root, source)) return [[what, 'a folder of this machine outside the project']];
  // Shared propagation lets a mount made inside appear outside.
  return mount.propagation?.includes('shared') ? [[`${what}, ${mount.propagation}`, 'mounts made inside appear on this machine']] : [];
}

function namespaceRisks(container: ContainerSpec): Point[] {
  const own: readonly [key: string, value: string | null, harmless: RegExp, what: string][] = [
    ['network_mode', container.networkMode, /^(none|bridge|default|private|slirp4netns|pasta|service:.*)?$/, 'network'],
    ['pid', container.pid, /^(private|service:.*)?$/, 'processes'],
    ['ipc', container.ipc, /^(none|private|shareable|service:.*)?$/, 'shared memory'],
    ['userns_mode', container.usernsMode, /^(private|auto|keep-id|nomap)?(:.*)?$/, 'users'],
  ];
  return own.flatMap(([key, value, harmless, what]) =>
    value === null || harmless.test(value)
      ? []
      : [[`${key}: ${value}`, `the container shares the ${what} of the machine or of a foreign container`]],
  );
}

function buildRisks(container: ContainerSpec, root: string): Point[] {
  const places = [container.build?.context ?? null, container.build?.dockerfile ?? null];
  return places
    .filter(place => place !== null && !isWithin(root, place))
    .map(place => [`build from ${place}`, 'the build reads a folder outside the project'] as const);
}

/** A network can be the machine's own by another way than network_mode, or a card of it. */
function networkRisks(network: NetworkSpec): Risk[] {
  const service = `network ${network.key}`;
  if (network.driver === 'host' || /^(host$|container:|ns:)/.test(network.name)) {
    return [{ service, what: `network ${network.name}`, why: 'the network of the machine itself' }];
  }
  if (network.driver !== 'macvlan' && network.driver !== 'ipvlan') return [];
  return [{ service, what: `driver ${network.driver}`, why: 'containers appear beside the machine in its own network' }];
}

/** Options of the `local` driver are arguments of mount(8): they can put any folder or disk of the machine into a volume. */
function volumeRisks(volume: VolumeSpec, root: string): Risk[] {
  const entries = Object.entries(volume.options);
  if (entries.length === 0 || volume.external) return [];
  const type = volume.options['type'] ?? '';
  const device = volume.options['device'] ?? '';
  const options = (volume.options['o'] ?? '').split(',');
  const harmless = /^(tmpfs|nfs4?|cifs)$/.test(type) || entries.every(([key]) => key === 'size');
  // A bind of a folder of the project is no more than a bind mount of it.
  const ownFolder = (options.includes('bind') || options.includes('rbind')) && isWithin(root, device);
  if ((harmless && !options.includes('bind') && !options.includes('rbind')) || ownFolder) return [];
  const what = entries.map(([key, value]) => `${key}=${value}`).join(' ');
  return [{ service: `volume ${volume.key}`, what, why: 'the volume shows a folder or a disk of this machine' }];
}

/**
 * What trust is remembered by: the text over which the daemon takes a SHA-256. It holds each risk, and for its service
 * what runs with that power (image, build, entrypoint, command), and the folder of the project; a change of any asks
 * again, a change elsewhere does not. Empty when there is nothing to trust.
 */
export function trustText(spec: ProjectSpec): string {
  const found = risks(spec);
  if (found.length === 0) return '';
  const names = new Set(found.map(risk => risk.service));
  const runs = spec.services
    .filter(({ name, container }) => names.has(name) || (container !== null && uses(container).some(used => names.has(used))))
    .map(({ name, container }) => ({
      name,
      image: container?.image,
      build: container?.build,
      entrypoint: container?.entrypoint,
      command: container?.command,
    }));
  const points = found.map(risk => `${risk.service}: ${risk.what}`).sort();
  return canonical({ root: normalPath(spec.root), points, runs: runs.sort((a, b) => (a.name < b.name ? -1 : 1)) });
}

/** Volumes and networks of a container, as risks name them. */
function uses(container: ContainerSpec): string[] {
  const volumes = container.mounts.flatMap(mount => (mount.kind === 'volume' ? [`volume ${mount.volume}`] : []));
  return [...volumes, ...container.networks.map(attached => `network ${attached.network}`)];
}
