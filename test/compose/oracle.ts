import { resolve } from 'node:path';
import { parseDuration } from '../../daemon/compose/duration.js';
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
    networks: Object.fromEntries(
      Object.entries(record(model['networks'])).map(([key, network]) => {
        const { name, external, driver, internal, driver_opts, labels, ipam } = record(network);
        const subnets = list(record(ipam)['config']).flatMap(config => record(config)['subnet'] ?? []);
        return [key, [name, external === true, driver ?? null, internal === true, strings(driver_opts), strings(labels), subnets]];
      }),
    ),
    volumes: Object.fromEntries(
      Object.entries(record(model['volumes'])).map(([key, volume]) => {
        const { name, external, driver, driver_opts, labels } = record(volume);
        return [key, [name, external === true, driver ?? null, strings(driver_opts), strings(labels)]];
      }),
    ),
  };
}

function recordedService(service: Json): Reduced {
  const deploy = record(service['deploy']);
  const limits = record(record(deploy['resources'])['limits']);
  const reservations = record(record(deploy['resources'])['reservations']);
  const build = record(service['build']);
  const memory = (value: unknown): number | null => (value === undefined || Number(value) === 0 ? null : Number(value));
  const text = (key: string): unknown => service[key] || null;
  return {
    image: text('image'),
    build:
      service['build'] === undefined
        ? null
        : {
            context: build['context'],
            dockerfile:
              build['dockerfile_inline'] === undefined
                ? resolve(String(build['context']), String(build['dockerfile'] || 'Dockerfile'))
                : null,
            inline: build['dockerfile_inline'] ?? null,
            args: strings(build['args']),
            labels: strings(build['labels']),
            target: build['target'] || null,
          },
    command: service['command'] ?? null,
    entrypoint: service['entrypoint'] ?? null,
    environment: strings(service['environment']),
    labels: strings(service['labels']),
    ports: list(service['ports'])
      .map(port => {
        const { host_ip, published, target, protocol } = record(port);
        return `${host_ip || '127.0.0.1'}:${published ?? ''}:${target}/${protocol}`;
      })
      .sort(),
    expose: list(service['expose']).map(String).sort(),
    mounts: list(service['volumes']).flatMap(mount => {
      const { type, source, target, read_only, volume } = record(mount);
      if (type === 'tmpfs') return [];
      const more = `${read_only === true ? ' ro' : ''}${record(volume)['nocopy'] === true ? ' nocopy' : ''}`;
      return `${type} ${source ?? ''} ${target}${more}`;
    }),
    tmpfs: [
      ...list(service['volumes']).flatMap(mount => {
        const { type, target } = record(mount);
        return type === 'tmpfs' ? [target] : [];
      }),
      ...list(service['tmpfs']).map(item => String(item).split(':')[0]),
    ],
    files: ['configs', 'secrets']
      .flatMap(kind =>
        list(service[kind]).map(item => {
          const { source, target } = record(item);
          const to = String(target ?? source);
          return to.startsWith('/') ? to : `${kind === 'configs' ? '/' : '/run/secrets/'}${to}`;
        }),
      )
      .sort(),
    networks: Object.fromEntries(
      Object.entries(record(service['networks'])).map(([key, at]) => {
        const { aliases, ipv4_address, ipv6_address } = record(at);
        return [key, [list(aliases), ipv4_address || null, ipv6_address || null]];
      }),
    ),
    networkMode: text('network_mode'),
    dependsOn: Object.fromEntries(
      Object.entries(record(service['depends_on'])).map(([key, on]) => [
        key,
        `${record(on)['condition']} ${record(on)['required'] ?? true}`,
      ]),
    ),
    restart: restartText(service, deploy),
    memory: memory(service['mem_limit'] ?? limits['memory']),
    reservation: memory(service['mem_reservation'] ?? reservations['memory']),
    cpus: Number(service['cpus'] ?? limits['cpus'] ?? 0),
    cpuset: text('cpuset'),
    pidsLimit: unlimited(Number(service['pids_limit'] ?? limits['pids'] ?? 0)),
    shmSize: memory(service['shm_size']),
    health: recordedHealth(service['healthcheck']),
    extraHosts: list(service['extra_hosts']).map(String).sort(),
    dns: list(service['dns']),
    dnsSearch: list(service['dns_search']),
    dnsOptions: list(service['dns_opt']),
    capAdd: list(service['cap_add']),
    capDrop: list(service['cap_drop']),
    securityOpt: list(service['security_opt']),
    groupAdd: list(service['group_add']).map(String),
    devices: list(service['devices']).map(device => {
      const { source, target, permissions } = record(device);
      return `${source}:${target}:${permissions ?? 'rwm'}`;
    }),
    sysctls: strings(service['sysctls']),
    ulimits: Object.fromEntries(
      Object.entries(record(service['ulimits'])).map(([name, limit]) =>
        typeof limit === 'number' ? [name, [limit, limit]] : [name, [record(limit)['soft'], record(limit)['hard']]],
      ),
    ),
    logging:
      service['logging'] === undefined ||
      (record(service['logging'])['driver'] === undefined && record(service['logging'])['options'] === undefined)
        ? null
        : [record(service['logging'])['driver'] ?? 'json-file', strings(record(service['logging'])['options'])],
    user: text('user'),
    workingDir: text('working_dir'),
    hostname: text('hostname'),
    stopSignal: text('stop_signal'),
    stopTimeout: service['stop_grace_period'] === undefined ? null : parseDuration(String(service['stop_grace_period'])),
    platform: text('platform'),
    pull: service['pull_policy'] === 'if_not_present' ? 'missing' : service['pull_policy'] || 'missing',
    pid: text('pid'),
    ipc: text('ipc'),
    init: service['init'] ?? null,
    tty: service['tty'] ?? false,
    stdinOpen: service['stdin_open'] ?? false,
    readOnly: service['read_only'] ?? false,
    privileged: service['privileged'] ?? false,
    off: Number(service['scale'] ?? deploy['replicas'] ?? 1) === 0,
  };
}

const unlimited = (limit: number): number | null => (limit > 0 ? limit : null);

/** What the engine is told; without either key the standard is ours (docs/compose.md). */
function restartText(service: Json, deploy: Json): string {
  const own = service['restart'];
  if (typeof own === 'string' && own !== '') return own === 'unless-stopped' ? 'always' : own;
  const policy = record(deploy['restart_policy']);
  if (Object.keys(policy).length === 0) return 'on-failure';
  const condition = policy['condition'];
  if (condition === 'none' || condition === 'no') return 'no';
  if (condition !== 'on-failure') return 'always';
  return policy['max_attempts'] === undefined ? 'on-failure' : `on-failure:${policy['max_attempts']}`;
}

function recordedHealth(written: unknown): unknown {
  if (written === undefined) return null;
  const check = record(written);
  const time = (key: string): number | null => (check[key] === undefined ? null : parseDuration(String(check[key])));
  return {
    test: check['disable'] === true ? ['NONE'] : (check['test'] ?? []),
    times: ['interval', 'timeout', 'start_period', 'start_interval'].map(time),
    retries: check['retries'] ?? null,
  };
}

const CONDITION = { started: 'service_started', healthy: 'service_healthy', completed: 'service_completed_successfully' };

/** What our loader made of the same files, in the same shape. */
export function reduceOurs(project: ComposeProject): Reduced {
  return {
    name: project.name,
    services: Object.fromEntries(project.services.map(service => [service.name, ourService(service, project)])),
    networks: Object.fromEntries(
      project.networks.map(at => [at.key, [at.name, at.external, at.driver, at.internal, at.options, at.labels, at.subnets]]),
    ),
    volumes: Object.fromEntries(project.volumes.map(at => [at.key, [at.name, at.external, at.driver, at.options, at.labels]])),
  };
}

function ourService(ours: ComposeService, project: ComposeProject): Reduced {
  const { name, container, dependsOn, restart, memoryLimit, memoryReservation, stopTimeout } = ours;
  const { build, healthcheck, mounts } = container;
  return {
    image: container.image === `${project.name}-${name}` ? null : container.image,
    build: build && {
      context: build.context,
      dockerfile: build.dockerfile,
      inline: build.dockerfileInline,
      args: build.args,
      labels: build.labels,
      target: build.target,
    },
    command: container.command,
    entrypoint: container.entrypoint,
    environment: container.environment,
    labels: container.labels,
    ports: container.ports.map(port => `${port.hostIp}:${port.host ?? ''}:${port.container}/${port.protocol}`).sort(),
    expose: [...container.expose].sort(),
    mounts: mounts.filter(mount => !fromFile(mount) && !ofTmpfsKey(mount)).map(mountText),
    tmpfs: mounts.filter(ofTmpfsKey).map(mount => mount.target),
    files: mounts
      .filter(fromFile)
      .map(mount => mount.target)
      .sort(),
    networks: Object.fromEntries(
      container.networks.map(({ network, aliases, ipv4, ipv6 }) => [
        network,
        // container_name is an alias here (docs/compose.md).
        [aliases.filter(alias => alias !== ours.containerName), ipv4, ipv6],
      ]),
    ),
    networkMode: container.networkMode,
    dependsOn: Object.fromEntries(dependsOn.map(on => [on.service, `${CONDITION[on.condition]} ${on.required}`])),
    restart: restart.maxRetries === null || restart.policy !== 'on-failure' ? restart.policy : `${restart.policy}:${restart.maxRetries}`,
    memory: memoryLimit,
    reservation: memoryReservation,
    cpus: container.cpus ?? 0,
    health: healthcheck && {
      test: healthcheck.test,
      times: [healthcheck.interval, healthcheck.timeout, healthcheck.startPeriod, healthcheck.startInterval],
      retries: healthcheck.retries,
    },
    stopTimeout,
    off: ours.off,
    ...settings(container),
  };
}

function settings(container: ContainerSpec): Reduced {
  const { cpuset, pidsLimit, shmSize, dns, dnsSearch, dnsOptions, capAdd, capDrop, securityOpt, groupAdd, devices, sysctls } = container;
  const { user, workingDir, hostname, stopSignal, platform, pull, pid, ipc, init, tty, stdinOpen, readOnly, privileged } = container;
  return {
    ...{ cpuset, pidsLimit, shmSize, dns, dnsSearch, dnsOptions, capAdd, capDrop, securityOpt, groupAdd, devices, sysctls },
    ...{ user, workingDir, hostname, stopSignal, platform: platform || null, pull, pid, ipc, init, tty, stdinOpen, readOnly, privileged },
    extraHosts: container.extraHosts.map(host => host.replace(':', '=')).sort(),
    ulimits: Object.fromEntries(container.ulimits.map(({ name, soft, hard }) => [name, [soft, hard]])),
    logging: container.logging && [container.logging.driver, container.logging.options],
  };
}

/** Secrets and configs: Compose lists them apart from volumes. */
function fromFile(mount: MountSpec): boolean {
  return mount.kind === 'content' || (mount.kind === 'bind' && !mount.createSource && mount.readOnly && mount.propagation === null);
}

/** In the long form or under the key of its own: the same to the engine. */
function ofTmpfsKey(mount: MountSpec): boolean {
  return mount.kind === 'tmpfs';
}

function mountText(mount: MountSpec): string {
  const source = mount.kind === 'bind' ? mount.source : mount.kind === 'volume' ? (mount.volume ?? '') : '';
  const more = `${'readOnly' in mount && mount.readOnly ? ' ro' : ''}${'noCopy' in mount && mount.noCopy ? ' nocopy' : ''}`;
  return `${mount.kind} ${source} ${mount.target}${more}`;
}
