import type { ContainerSpec } from '../../../model/spec.js';
import { builtImageName } from '../../../shared/names.js';
import type { Problem } from '../../../shared/problem.js';
import type { Files } from '../loading/files.js';
import { positionOf } from '../position.js';
import { type Cursor, quote } from '../tree/cursor.js';
import type { ComposeService } from '../types.js';
import { buildOf } from './build.js';
import { commandOf } from './command.js';
import { dependsOnOf, type PlacedDependency } from './depends-on.js';
import { deviceRequestsOf } from './device-requests.js';
import { environmentOf } from './environment.js';
import { extensionOf } from './extension.js';
import { healthcheckOf, patienceOf } from './health.js';
import { extraHostsOf } from './hosts.js';
import { isImageReference } from './image-reference.js';
import { textsByKey } from './key-values.js';
import { checkTargets, mountsOf } from './mounts.js';
import { attachmentsOf } from './networks.js';
import { exposeOf, type PlacedPort, portsOf } from './ports.js';
import { type ResourceLimits, resourceLimitsOf } from './resources.js';
import { restartOf } from './restart.js';
import { fileMountsOf } from './secrets.js';
import { SERVICE_KEYS } from './service-keys.js';
import { checkDeploy, devicesOf, hasNoContainers, loggingOf, pullOf, ulimitsOf } from './settings.js';
import { warnUnsupported } from './unsupported.js';

/** What a service may refer to. */
export interface ServiceContext {
  readonly project: string;
  readonly services: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly secrets: ReadonlyMap<string, Cursor>;
  readonly configs: ReadonlyMap<string, Cursor>;
  readonly files: Files;
}

/** A service in long form, with the places that checks across services point to. */
export interface NormalisedService {
  readonly service: ComposeService;
  readonly ports: readonly PlacedPort[];
  readonly dependencies: readonly PlacedDependency[];
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
    position: positionOf(cursor.keyPlace),
  };
  return { service, ports, dependencies };
}

const text = (cursor: Cursor, key: string): string | null => cursor.get(key)?.text() ?? null;
const texts = (cursor: Cursor, key: string): string[] => [...new Set(cursor.get(key)?.texts() ?? [])];
const flag = (cursor: Cursor, key: string): boolean => cursor.get(key)?.boolean() ?? false;

function imageOf(name: string, cursor: Cursor, { project, services }: ServiceContext) {
  const build = buildOf(cursor, services);
  const written = cursor.get('image');
  const image = written?.text() || null;
  const misread = cursor.report.has(problem => problem.key === written?.path);
  if (written !== null && image !== null && !misread && !isImageReference(image)) {
    written.error(`${quote(image)} is not the name of an image`, { expected: '[REGISTRY/]NAME[:TAG][@DIGEST] in lower case' });
  }
  if (
    image === null &&
    cursor.get('build') === null &&
    cursor.get('provider') === null &&
    !cursor.report.has(problem => explainsMissingImage(problem, cursor.path))
  ) {
    const [place, key] = written === null ? [cursor.keyPlace, cursor.path] : [written.place, written.path];
    cursor.report.error(place, key, written === null ? 'has neither image nor build' : 'is empty, and there is no build', {
      expected: written === null ? 'one of the two' : 'the name of an image',
    });
  }
  return {
    image: image ?? builtImageName(project, name),
    build,
    pull: pullOf(cursor.get('pull_policy')),
    platform: text(cursor, 'platform'),
  };
}

/** The service is no mapping, what services extend is not there, or `image` is misspelt. */
function explainsMissingImage(problem: Problem, path: string): boolean {
  if (problem.key === path || /^services\.[^.]+\.extends/.test(problem.key)) return true;
  return problem.key.startsWith(`${path}.`) && (problem.nearest === 'image' || problem.nearest === 'build');
}

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
