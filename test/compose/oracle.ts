import type { ComposeProject, ComposeService } from '../../daemon/compose/types.js';
import type { ContainerSpec, MountSpec } from '../../daemon/core/model.js';

/** What both sides are reduced to: the parts that Compose's own answer holds in comparable form. */
export type Reduced = Readonly<Record<string, unknown>>;
type Json = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const strings = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record(value))
      .filter(([, text]) => text !== null)
      .map(([key, text]) => [key, String(text)]),
  );

/** An answer of `docker-compose config --format json` (2.26.1), recorded under fixtures/. */
export function reduceRecorded(answer: unknown): Reduced {
  const model = record(answer);
  return {
    name: model['name'],
    services: Object.fromEntries(
      Object.entries(record(model['services'])).map(([name, service]) => [name, recordedService(record(service))]),
    ),
    networks: Object.fromEntries(Object.entries(record(model['networks'])).map(([key, network]) => [key, record(network)['name']])),
    volumes: Object.fromEntries(Object.entries(record(model['volumes'])).map(([key, volume]) => [key, record(volume)['name']])),
  };
}

function recordedService(service: Json): Reduced {
  const deploy = record(record(service['deploy'])['resources']);
  const limits = record(deploy['limits']);
  const build = record(service['build']);
  const memory = service['mem_limit'] ?? limits['memory'] ?? null;
  return {
    image: service['image'] ?? null,
    build:
      service['build'] === undefined ? null : { context: build['context'], args: strings(build['args']), target: build['target'] ?? null },
    command: service['command'] ?? null,
    entrypoint: service['entrypoint'] ?? null,
    environment: strings(service['environment']),
    labels: strings(service['labels']),
    ports: list(service['ports']).map(port => {
      const { host_ip, published, target, protocol } = record(port);
      return `${host_ip ?? '127.0.0.1'}:${published ?? ''}:${target}/${protocol}`;
    }),
    mounts: list(service['volumes']).map(mount => {
      const { type, source, target, read_only } = record(mount);
      return `${type} ${source ?? ''} ${target}${read_only === true ? ' ro' : ''}`;
    }),
    tmpfs: list(service['tmpfs']),
    networks: Object.fromEntries(Object.entries(record(service['networks'])).map(([key, at]) => [key, record(at)['aliases'] ?? []])),
    networkMode: service['network_mode'] ?? null,
    dependsOn: Object.fromEntries(Object.entries(record(service['depends_on'])).map(([key, on]) => [key, record(on)['condition']])),
    memory: memory === null ? null : Number(memory),
    cpus: Number(service['cpus'] ?? limits['cpus'] ?? 0),
    test: record(service['healthcheck'])['disable'] === true ? ['NONE'] : (record(service['healthcheck'])['test'] ?? null),
    extraHosts: list(service['extra_hosts']).map(String).sort(),
    dns: list(service['dns']),
    capAdd: list(service['cap_add']),
    sysctls: strings(service['sysctls']),
    ulimits: Object.fromEntries(
      Object.entries(record(service['ulimits'])).map(([name, limit]) =>
        typeof limit === 'number' ? [name, [limit, limit]] : [name, [record(limit)['soft'], record(limit)['hard']]],
      ),
    ),
    logging: strings(record(service['logging'])['options']),
    user: service['user'] ?? null,
    privileged: service['privileged'] ?? false,
  };
}

const CONDITION = { started: 'service_started', healthy: 'service_healthy', completed: 'service_completed_successfully' };

/** What our loader made of the same files, in the same shape. */
export function reduceOurs(project: ComposeProject): Reduced {
  return {
    name: project.name,
    services: Object.fromEntries(project.services.map(service => [service.name, ourService(service, project)])),
    networks: Object.fromEntries(project.networks.map(({ key, name }) => [key, name])),
    volumes: Object.fromEntries(project.volumes.map(({ key, name }) => [key, name])),
  };
}

function ourService({ name, container, dependsOn, memoryLimit }: ComposeService, project: ComposeProject): Reduced {
  const { build, healthcheck, mounts } = container;
  return {
    image: container.image === `${project.name}-${name}` ? null : container.image,
    build: build && { context: build.context, args: build.args, target: build.target },
    command: container.command,
    entrypoint: container.entrypoint,
    environment: container.environment,
    labels: container.labels,
    ports: container.ports.map(port => `${port.hostIp}:${port.host ?? ''}:${port.container}/${port.protocol}`),
    mounts: mounts.filter(mount => !fromFile(mount) && !ofTmpfsKey(mount)).map(mountText),
    tmpfs: mounts.filter(ofTmpfsKey).map(mount => mount.target),
    networks: Object.fromEntries(container.networks.map(({ network, aliases }) => [network, aliases])),
    networkMode: container.networkMode,
    dependsOn: Object.fromEntries(dependsOn.map(on => [on.service, CONDITION[on.condition]])),
    memory: memoryLimit,
    cpus: container.cpus ?? 0,
    test: healthcheck === null ? null : healthcheck.test,
    ...settings(container),
  };
}

function settings(container: ContainerSpec): Reduced {
  return {
    extraHosts: container.extraHosts.map(host => host.replace(':', '=')).sort(),
    dns: container.dns,
    capAdd: container.capAdd,
    sysctls: container.sysctls,
    ulimits: Object.fromEntries(container.ulimits.map(({ name, soft, hard }) => [name, [soft, hard]])),
    logging: container.logging?.options ?? {},
    user: container.user,
    privileged: container.privileged,
  };
}

/** Secrets and configs: Compose lists them apart from volumes. */
function fromFile(mount: MountSpec): boolean {
  return mount.kind === 'content' || (mount.kind === 'bind' && !mount.createSource && mount.readOnly && mount.propagation === null);
}

/** The fixtures give a size only in the long form. */
function ofTmpfsKey(mount: MountSpec): boolean {
  return mount.kind === 'tmpfs' && mount.size === null;
}

function mountText(mount: MountSpec): string {
  const source = mount.kind === 'bind' ? mount.source : mount.kind === 'volume' ? (mount.volume ?? '') : '';
  return `${mount.kind} ${source} ${mount.target}${'readOnly' in mount && mount.readOnly ? ' ro' : ''}`;
}
