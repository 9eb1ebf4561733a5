import { canonical } from '../../shared/canonical.js';
import { isWithin, normalPath } from '../../shared/paths.js';
import type { BuildSpec, ContainerSpec, MountSpec, ProjectSpec } from '../spec.js';
import type { Risk, RiskPoint } from './risk.js';
import { type TrustParts, trustPartsOf } from './trust-content.js';
import { loggingRisks, networkRisks, volumeRisks } from './trust-resources.js';

/** Capabilities that Docker and Podman give by default (docs/design/engine.md, "Trust defaults"): asking for one of them adds nothing. */
const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
);

const ENGINE_SOCKET = /(^|\/)(docker|podman|containerd|crio|buildkitd|dockershim|laptop-dev\/daemon)[^/]*\.sock$/;
/** Folders in which engines keep their sockets. /run/user/UID has those of rootless engines, and this daemon's own. */
const SOCKET_FOLDERS = /^\/(var\/)?run(\/(docker|podman|containerd|crio|buildkit|user(\/\d+(\/(docker|podman|laptop-dev))?)?))?$/;

/**
 * Everything in the project that a person should have read before it runs (docs/trust.md, rule 1). `up` is refused with
 * not-trusted naming each, until `--trust`. Sources of mounts are expected to be real paths: project/ resolves links.
 */
export function risks(spec: ProjectSpec): Risk[] {
  const around: Around = { root: spec.root, services: new Set(spec.services.map(({ name }) => name)) };
  const of = (service: string) => (point: RiskPoint) => ({ service, ...point });
  const found = spec.services.flatMap(({ name, container }) => (container ? containerRisks(container, around).map(of(name)) : []));
  return [
    ...found,
    ...fileRisks(spec),
    ...spec.networks.flatMap(network => networkRisks(network).map(of(`network ${network.key}`))),
    ...spec.volumes.flatMap(volume => volumeRisks(volume, spec.root).map(of(`volume ${volume.key}`))),
  ];
}

/** What trust in the project is about, in parts; null when there is nothing to trust. */
export function trustParts(spec: ProjectSpec): TrustParts | null {
  const found = risks(spec);
  return found.length === 0 ? null : trustPartsOf(spec, found);
}

/**
 * What trust is remembered by: the text over which the daemon takes a SHA-256. It holds each risk, what runs in the services that
 * have a power or reach one, and the folder of the project; a change of any asks again, a change elsewhere does not. Empty when
 * there is nothing to trust.
 */
export function trustText(spec: ProjectSpec): string {
  const parts = trustParts(spec);
  if (parts === null) return '';
  const services = [...parts.services.keys()].sort();
  return canonical({ root: normalPath(spec.root), points: parts.points, services, runs: Object.fromEntries(parts.runs) });
}

/** What a judgement of a container has to know of its project. */
interface Around {
  readonly root: string;
  readonly services: ReadonlySet<string>;
}

type Judge<Value> = (value: Value, around: Around) => RiskPoint[];

/**
 * For each key of a container, what of it is a power; null: nothing in it reaches beyond the container, the project's folder and
 * the limits. A key that is new has to be decided here, in trust-content.ts and in docs/trust.md, or neither compiler nor tests pass.
 */
const POWERS: { readonly [Key in keyof ContainerSpec]-?: Judge<ContainerSpec[Key]> | null } = {
  privileged: privileged =>
    privileged
      ? [{ what: 'privileged: true', why: 'the container is root on this machine', at: { key: 'privileged' }, root: true as const }]
      : [],
  mounts: (mounts, { root }) => mounts.flatMap(mount => mountRisk(mount, root)),
  networkMode: namespaceJudge('network_mode', /^(none|bridge|default|private|slirp4netns|pasta)?$/, 'network'),
  pid: namespaceJudge('pid', /^(private)?$/, 'processes'),
  ipc: namespaceJudge('ipc', /^(none|private|shareable)?$/, 'shared memory'),
  usernsMode: namespaceJudge('userns_mode', /^(private|auto|keep-id|nomap)?(:.*)?$/, 'users'),
  devices: devices =>
    devices.map(device => ({
      what: `device ${device}`,
      why: 'the container reaches the hardware directly',
      at: { key: 'devices', entry: device.split(':')[0] ?? device },
    })),
  deviceRequests: requests =>
    (requests ?? []).map(({ capabilities }) => ({
      what: `devices by driver: ${capabilities.join(', ')}`,
      why: 'the container reaches the hardware directly',
      at: { key: 'deploy' },
    })),
  engineRuntime: runtime =>
    runtime === undefined ? [] : [{ what: `runtime: ${runtime}`, why: 'another program makes the container', at: { key: 'runtime' } }],
  capAdd: names =>
    names
      .filter(name => !DEFAULT_CAPABILITIES.has(name.toUpperCase().replace(/^CAP_/, '')))
      .map(name => ({
        what: `cap_add: ${name}`,
        why: 'a power that containers do not have by default',
        at: { key: 'cap_add', entry: name },
      })),
  securityOpt: options =>
    options
      .filter(option => !/^no-new-privileges\b/.test(option))
      .map(option => ({
        what: `security_opt: ${option}`,
        why: "the engine's own confinement is replaced or switched off",
        at: { key: 'security_opt', entry: option },
      })),
  sysctls: values =>
    Object.entries(values)
      .filter(([name]) => !name.startsWith('net.'))
      .map(([name, value]) => ({
        what: `sysctl ${name}=${value}`,
        why: 'a kernel setting that is not of the network namespace',
        at: { key: 'sysctls', entry: name },
      })),
  build: (build, { root }) => (build === null ? [] : buildRisks(build, root)),
  logging: loggingRisks,
  oomScoreAdj: value =>
    value !== null && value < 0
      ? [
          {
            what: `oom_score_adj: ${value}`,
            why: 'when memory is short, the kernel ends other programs of this machine first',
            at: { key: 'oom_score_adj' },
          },
        ]
      : [],
  image: null,
  pull: null,
  command: null,
  entrypoint: null,
  environment: null,
  ports: null,
  expose: null,
  networks: null,
  healthcheck: null,
  user: null,
  groupAdd: null,
  workingDir: null,
  hostname: null,
  domainname: null,
  labels: null,
  stopSignal: null,
  init: null,
  tty: null,
  stdinOpen: null,
  readOnly: null,
  capDrop: null,
  extraHosts: null,
  dns: null,
  dnsSearch: null,
  dnsOptions: null,
  ulimits: null,
  cpus: null,
  cpuset: null,
  cpuShares: null,
  pidsLimit: null,
  shmSize: null,
  platform: null,
};

function containerRisks(container: ContainerSpec, around: Around): RiskPoint[] {
  const judged = <Key extends keyof ContainerSpec>(key: Key): RiskPoint[] => {
    const judge = POWERS[key] as Judge<ContainerSpec[Key]> | null;
    return judge?.(container[key], around) ?? [];
  };
  return (Object.keys(POWERS) as (keyof ContainerSpec)[]).flatMap(judged);
}

function mountRisk(mount: MountSpec, root: string): RiskPoint[] {
  if (mount.kind !== 'bind') return [];
  const what = `volume ${mount.source} → ${mount.target}${mount.readOnly ? ' (read-only)' : ''}`;
  const at = { key: 'volumes', entry: mount.target };
  const source = normalPath(mount.source) ?? mount.source;
  if (ENGINE_SOCKET.test(source) || SOCKET_FOLDERS.test(source) || ['/', '/var'].includes(source)) {
    return [{ what, why: 'the socket of a container engine: what reaches it is root on this machine', at, root: true }];
  }
  if (!isWithin(root, source)) return [{ what, why: 'a folder of this machine outside the project', at }];
  // Shared propagation lets a mount made inside appear outside.
  return mount.propagation?.includes('shared')
    ? [{ what: `${what}, ${mount.propagation}`, why: 'mounts made inside appear on this machine', at }]
    : [];
}

/** The namespace of a service of this project is that service's (trust-reach.ts); every other one that is not its own is a power. */
function namespaceJudge(key: string, own: RegExp, what: string): Judge<string | null> {
  return (value, { services }) => {
    if (value === null || own.test(value)) return [];
    if (value.startsWith('service:') && services.has(value.slice('service:'.length))) return [];
    const whose = value === 'host' ? 'this machine' : 'a foreign container or network';
    return [{ what: `${key}: ${value}`, why: `the container shares the ${what} of ${whose}`, at: { key } }];
  };
}

function buildRisks(build: BuildSpec, root: string): RiskPoint[] {
  return [build.context, build.dockerfile]
    .filter(place => place !== null && !isWithin(root, place))
    .map(place => ({ what: `build from ${place}`, why: 'the build reads a folder outside the project', at: { key: 'build' } }));
}

/** Files of others that the project's files have read into it: their values end in containers that may send them anywhere. */
function fileRisks({ outside }: ProjectSpec): Risk[] {
  return outside.map(file => {
    const isCompose = /\.ya?ml$/.test(file);
    const why = isCompose ? 'its services and their values are taken over' : 'its values go into containers';
    return { service: isCompose ? 'include, extends' : 'env_file', what: file, why: `${why}, from outside the project` };
  });
}
