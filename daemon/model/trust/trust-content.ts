import { canonical } from '../../shared/canonical.js';
import { normalPath } from '../../shared/paths.js';
import type {
  Activation,
  BuildSpec,
  ContainerSpec,
  MountSpec,
  NetworkAttachment,
  PortSpec,
  ProjectSpec,
  ServiceSpec,
  VolumeSpec,
} from '../spec.js';
import type { Risk } from './risk.js';
import { reached } from './trust-reach.js';
import { loggingRisks } from './trust-resources.js';

/** What trust in a project is about. */
export interface TrustParts {
  /** Each risk as `service: what`, sorted. */
  readonly points: readonly string[];
  /** Services that run with a power or reach one that does: name → how, null for a power of its own. */
  readonly services: ReadonlyMap<string, string | null>;
  /** What runs in those services: `service key` → its value as text. A key that is not there is as if unset. */
  readonly runs: ReadonlyMap<string, string>;
}

type Counted<Value> = ((value: Value) => unknown) | null;
const same = (value: unknown): unknown => value;

/** For each key of a container: what of it decides what runs there, or who gets at it; null: nothing. docs/trust.md says why. */
const CONTAINER: { readonly [Key in keyof ContainerSpec]-?: Counted<ContainerSpec[Key]> } = {
  image: same,
  build: build => build && counted(BUILD, build),
  pull: same,
  platform: same,
  command: same,
  entrypoint: same,
  environment: same,
  mounts: mounts => sorted(mounts.map(mountText)),
  networks: networks => sorted(networks.map(({ network }: NetworkAttachment) => network)),
  networkMode: same,
  pid: same,
  ipc: same,
  usernsMode: same,
  // When it runs and how often decides nothing.
  healthcheck: check => check && check.test.length > 0 && check.test,
  user: same,
  groupAdd: sorted,
  workingDir: same,
  privileged: same,
  capAdd: sorted,
  capDrop: sorted,
  securityOpt: sorted,
  devices: sorted,
  deviceRequests: same,
  engineRuntime: same,
  sysctls: same,
  extraHosts: sorted,
  dns: same,
  dnsSearch: same,
  // Programs and other users of this machine are no strangers to its loopback; its network is.
  ports: ports => sorted(ports.filter(port => !isLoopback(port.hostIp)).map(portText)),
  // Where the output goes may be a power; a harmless driver's rotation is none.
  logging: logging => loggingRisks(logging).length > 0 && logging,
  expose: null,
  hostname: null,
  domainname: null,
  dnsOptions: null,
  labels: null,
  stopSignal: null,
  init: null,
  tty: null,
  stdinOpen: null,
  readOnly: null,
  ulimits: null,
  cpus: null,
  cpuset: null,
  cpuShares: null,
  pidsLimit: null,
  shmSize: null,
  // Below 0 it is a risk by itself, and named with its value.
  oomScoreAdj: null,
};

const BUILD: { readonly [Key in keyof BuildSpec]: Counted<BuildSpec[Key]> } = {
  context: same,
  dockerfile: same,
  dockerfileInline: same,
  target: same,
  args: same,
  labels: null,
};

/** Commands that run in the container, and what is asked of it, because a profile says so. */
const ACTIVATION: { readonly [Key in keyof Activation]: Counted<Activation[Key]> } = {
  veto: same,
  readyPath: same,
  freezeAfter: null,
  holdBlocked: null,
  path: null,
  protocols: null,
  protocolFrom: null,
};

/** Of a service beside its container: `activation` alone. When it starts and stops, and with how much memory, decides nothing. */
const SERVICE: { readonly [Key in keyof ServiceSpec]: Counted<ServiceSpec[Key]> } = {
  container: container => container && counted(CONTAINER, container),
  activation: activation => counted(ACTIVATION, activation),
  project: null,
  name: null,
  memory: null,
  priority: null,
  start: null,
  idle: null,
  protocol: null,
  runtime: null,
  dependsOn: null,
  restart: null,
  startTimeout: null,
  stopTimeout: null,
  configHash: null,
};

/** Of a volume: what is in it may run. */
const VOLUME: { readonly [Key in keyof VolumeSpec]: Counted<VolumeSpec[Key]> } = {
  key: null,
  name: same,
  external: null,
  // The driver that it is when none is named.
  driver: driver => driver !== 'local' && driver,
  options: same,
  labels: null,
};

/** Keys by the names that files have for them. */
const WORDS: Readonly<Record<string, string>> = { mounts: 'volumes', readyPath: 'ready', veto: 'idle.veto' };

/** What counts of a project in which `found` was found (docs/trust.md, rules 2 to 4). */
export function trustPartsOf(spec: ProjectSpec, found: readonly Risk[]): TrustParts {
  const services = reached(spec, found);
  const volumes = new Map(spec.volumes.map(volume => [volume.key, volume]));
  const runs = new Map<string, string>();
  for (const service of spec.services) {
    if (!services.has(service.name)) continue;
    const { container, activation } = counted(SERVICE, service) as Record<string, Record<string, unknown> | undefined>;
    const files = spec.readers[service.name] ?? [];
    const all = { ...container, ...activation, ...(files.length > 0 ? { env_file: sorted(files) } : {}) };
    for (const [key, value] of Object.entries(all)) runs.set(`${service.name} ${WORDS[key] ?? snake(key)}`, canonical(value));
    for (const mount of service.container?.mounts ?? []) {
      const volume = mount.kind === 'volume' && mount.volume !== null ? volumes.get(mount.volume) : undefined;
      if (volume !== undefined) runs.set(`volume ${volume.key}`, canonical(counted(VOLUME, volume)));
    }
  }
  return { points: found.map(risk => `${risk.service}: ${risk.what}`).sort(), services, runs };
}

/** The keys that count, with what counts of them; what is as if it were not there is left out. */
function counted<Of extends object>(table: { readonly [Key in keyof Of]: Counted<Of[Key]> }, from: Of): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(table) as (keyof Of & string)[]) {
    const value = table[key]?.(from[key]) ?? null;
    if (!isNothing(value)) found[key] = value;
  }
  return found;
}

function isNothing(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** capAdd as cap_add. */
function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}

/** A mount as what it puts where; the size of a tmpfs is a limit like others. */
function mountText(mount: MountSpec): string {
  if (mount.kind === 'tmpfs') return canonical({ ...mount, size: null });
  if (mount.kind === 'bind') return canonical({ ...mount, source: normalPath(mount.source) ?? mount.source, createSource: null });
  return canonical(mount);
}

/** Which port of this machine it is does not matter. */
function portText({ hostIp, container, protocol }: PortSpec): string {
  return `${hostIp} ${container}/${protocol}`;
}

function isLoopback(address: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(address) || address === '::1';
}
