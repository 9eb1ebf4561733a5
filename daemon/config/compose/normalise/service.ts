import type { ContainerSpec } from '../../../model/spec.js';
import type { Files } from '../loading/files.js';
import type { Cursor } from '../tree/cursor.js';
import { positionOf, type Tree, toValue } from '../tree/tree.js';
import type { ComposeService, Extension, Position } from '../types.js';
import { commandOf } from './command.js';
import { dependsOnOf, type LocatedDependency } from './depends-on.js';
import { checkDeploy, hasNoContainers, restartOf } from './deploy.js';
import { deviceRequestsOf, devicesOf } from './devices.js';
import { environmentOf } from './environment.js';
import { healthcheckOf, patienceOf } from './health.js';
import { imageOf } from './image.js';
import { textsByKey } from './key-values.js';
import { checkTargets, mountsOf } from './mounts.js';
import { attachmentsOf, extraHostsOf } from './networks.js';
import { exposeOf, type LocatedPort, portsOf } from './ports.js';
import { type ResourceLimits, resourceLimitsOf, ulimitsOf } from './resources.js';
import { fileMountsOf } from './secrets.js';
import { warnUnsupported } from './unsupported.js';

/** Keys of a service that are read somewhere in this room. Every other key that the schema knows gets a warning. */
export const SERVICE_KEYS: readonly string[] = [
  ...['build', 'cap_add', 'cap_drop', 'command', 'configs', 'container_name', 'cpu_period', 'cpu_quota', 'cpu_shares', 'cpus'],
  ...['cpuset', 'depends_on', 'deploy', 'devices', 'dns', 'dns_opt', 'dns_search', 'domainname', 'entrypoint', 'env_file'],
  ...['environment', 'expose', 'gpus', 'extends', 'extra_hosts', 'group_add', 'healthcheck', 'hostname', 'image', 'init', 'ipc'],
  ...['labels', 'links', 'logging', 'mem_limit', 'mem_reservation', 'network_mode', 'networks', 'oom_score_adj', 'pid'],
  ...['pids_limit', 'platform', 'ports', 'privileged', 'profiles', 'pull_policy', 'read_only', 'restart', 'runtime', 'scale'],
  ...['secrets', 'security_opt', 'shm_size', 'stdin_open', 'stop_grace_period', 'stop_signal', 'sysctls', 'tmpfs', 'tty'],
  ...['ulimits', 'user', 'userns_mode', 'volumes', 'working_dir'],
];

/** The names that a service may refer to, and the files that it may read. */
export interface ServiceContext {
  readonly project: string;
  readonly services: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly secrets: ReadonlyMap<string, Cursor>;
  readonly configs: ReadonlyMap<string, Cursor>;
  readonly files: Files;
}

/** A service in long form, with the locations that checks across services point to. */
export interface NormalisedService {
  readonly service: ComposeService;
  readonly ports: readonly LocatedPort[];
  readonly dependencies: readonly LocatedDependency[];
}

export async function normaliseService(name: string, cursor: Cursor, around: ServiceContext): Promise<NormalisedService> {
  warnUnsupported(cursor, SERVICE_KEYS);
  checkDeploy(cursor);
  const ports = portsOf(cursor.get('ports'));
  const dependencies = dependsOnOf(cursor);
  const resources = resourceLimitsOf(cursor);
  const { environment, envFiles } = await environmentOf(cursor, around.files);
  const container = {
    ...imageOf(name, cursor, around),
    ...processOf(cursor),
    ...confinementOf(cursor),
    ...limitsOf(resources),
    ...hardwareOf(cursor),
    ...surroundingsOf(cursor, around),
    environment,
    ports: ports.map(port => port.spec),
    expose: exposeOf(cursor.get('expose')),
  } satisfies ContainerSpec;
  const service: ComposeService = {
    name,
    container,
    envFiles,
    dependsOn: dependencies.map(dependency => dependency.spec),
    restart: restartOf(cursor),
    memoryLimit: resources.memoryLimit,
    memoryReservation: resources.memoryReservation,
    startTimeout: patienceOf(container.healthcheck),
    stopTimeout: cursor.get('stop_grace_period')?.duration() ?? null,
    off: hasNoContainers(cursor),
    containerName: text(cursor, 'container_name'),
    extension: extensionOf(cursor),
    position: positionOf(cursor.keyLocation),
  };
  return { service, ports, dependencies };
}

const text = (cursor: Cursor, key: string): string | null => cursor.get(key)?.text() ?? null;
const texts = (cursor: Cursor, key: string): string[] => [...new Set(cursor.get(key)?.texts() ?? [])];
const flag = (cursor: Cursor, key: string): boolean => cursor.get(key)?.boolean() ?? false;

function processOf(cursor: Cursor) {
  return {
    command: commandOf(cursor.get('command')),
    entrypoint: commandOf(cursor.get('entrypoint')),
    healthcheck: healthcheckOf(cursor),
    user: text(cursor, 'user'),
    groupAdd: texts(cursor, 'group_add'),
    workingDir: text(cursor, 'working_dir'),
    stopSignal: text(cursor, 'stop_signal'),
    init: cursor.get('init')?.boolean() ?? null,
    tty: flag(cursor, 'tty'),
    stdinOpen: flag(cursor, 'stdin_open'),
    labels: textsByKey(cursor.get('labels')),
    logging: loggingOf(cursor.get('logging')),
  };
}

function confinementOf(cursor: Cursor) {
  return {
    readOnly: flag(cursor, 'read_only'),
    privileged: flag(cursor, 'privileged'),
    capAdd: texts(cursor, 'cap_add'),
    capDrop: texts(cursor, 'cap_drop'),
    securityOpt: texts(cursor, 'security_opt'),
    devices: devicesOf(cursor.get('devices')),
    pid: text(cursor, 'pid'),
    ipc: text(cursor, 'ipc'),
    usernsMode: text(cursor, 'userns_mode'),
    ulimits: ulimitsOf(cursor.get('ulimits')),
    sysctls: textsByKey(cursor.get('sysctls')),
  };
}

/** Keys that few services have are absent without them, so that the hash of all others stays what it was. */
function hardwareOf(cursor: Cursor): Pick<ContainerSpec, 'deviceRequests' | 'engineRuntime'> {
  const deviceRequests = deviceRequestsOf(cursor);
  const engineRuntime = text(cursor, 'runtime') || null;
  return { ...(deviceRequests === undefined ? {} : { deviceRequests }), ...(engineRuntime === null ? {} : { engineRuntime }) };
}

function limitsOf({ cpus, cpuset, cpuShares, pidsLimit, shmSize, oomScoreAdj }: ResourceLimits) {
  return { cpus, cpuset, cpuShares, pidsLimit, shmSize, oomScoreAdj };
}

function surroundingsOf(cursor: Cursor, around: ServiceContext) {
  const mounts = [
    ...mountsOf(cursor, around.volumes),
    ...fileMountsOf(cursor, 'secret', around.secrets),
    ...fileMountsOf(cursor, 'config', around.configs),
  ];
  checkTargets(mounts);
  return {
    mounts: mounts.map(mount => mount.spec),
    networks: attachmentsOf(cursor, around.networks),
    networkMode: text(cursor, 'network_mode'),
    hostname: text(cursor, 'hostname'),
    domainname: text(cursor, 'domainname'),
    extraHosts: extraHostsOf(cursor.get('extra_hosts')),
    dns: texts(cursor, 'dns'),
    dnsSearch: texts(cursor, 'dns_search'),
    dnsOptions: texts(cursor, 'dns_opt'),
  };
}

const KEY = 'x-laptop-dev';

/** `x-laptop-dev` as it stands, with the location of every value in it. */
function extensionOf(service: Cursor): Extension | null {
  const cursor = service.get(KEY);
  if (cursor === null) return null;
  const locations = new Map<string, Position>();
  collect(cursor.tree, '', locations);
  return { value: toValue(cursor.tree), ...positionOf(cursor.location), locations };
}

function collect(tree: Tree, path: string, locations: Map<string, Position>): void {
  locations.set(path, positionOf(tree.location));
  if (tree.kind === 'list') {
    for (const [index, item] of tree.items.entries()) collect(item, `${path}[${index}]`, locations);
  } else if (tree.kind === 'map') {
    for (const [key, entry] of tree.entries) {
      const inner = path === '' ? key : `${path}.${key}`;
      locations.set(`KEY#${inner}`, positionOf(entry.keyLocation));
      collect(entry.value, inner, locations);
    }
  }
}

function loggingOf(cursor: Cursor | null): ContainerSpec['logging'] {
  // Not set: the engine's own driver.
  if (cursor === null || !cursor.isMap || (cursor.get('driver') === null && cursor.get('options') === null)) return null;
  return { driver: cursor.get('driver')?.text() ?? 'json-file', options: textsByKey(cursor.get('options')) };
}
