import { resolve } from 'node:path';
import type { ComposeProject, ComposeService } from '../../../daemon/config/compose/types.js';
import type { ContainerSpec, MountSpec } from '../../../daemon/model/spec.js';
import { parseBytes } from '../../../daemon/shared/bytes.js';
import { parseDuration } from '../../../daemon/shared/duration.js';

/**
 * What both sides are reduced to: every key that laptop-dev reads, in one form. Where the two differ on purpose, docs/compose.md says so, and
 * no further: `restart` that is absent, and unless-stopped; an address that no port names; the alias of container_name; the spelling of absolute
 * paths of mounts; whether a bind mount makes its folder; how many containers a service has, but for none; a text for a secret or config that
 * comes from a variable.
 */
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
      Object.entries(record(model['services'])).map(([name, service]) => [name, recordedService(record(service), model)]),
    ),
    networks: Object.fromEntries(
      Object.entries(record(model['networks'])).map(([key, network]) => {
        const { name, external, driver, internal, driver_opts, labels, ipam } = record(network);
        const configs = list(record(ipam)['config']).map(record);
        const subnets = configs.flatMap(config => config['subnet'] ?? []);
        const flags = [external === true, internal === true];
        return [key, [name, flags, driver ?? null, strings(driver_opts), strings(labels), subnets, ...configs.flatMap(recordedRange)]];
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

/** An entry of `ipam.config` that says more than its subnet. */
function recordedRange({ subnet, ip_range, gateway, aux_addresses }: Json): unknown[] {
  const range = { subnet: subnet ?? null, range: ip_range ?? null, gateway: gateway ?? null, aux: strings(aux_addresses) };
  return range.range === null && range.gateway === null && Object.keys(range.aux).length === 0 ? [] : [range];
}

function recordedService(service: Json, model: Json): Reduced {
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
    mounts: [
      ...list(service['volumes']).flatMap(mount => {
        const { type, source, target, read_only, volume, bind } = record(mount);
        if (type === 'tmpfs') return [];
        const propagation = record(bind)['propagation'] ?? null;
        const more = `${read_only === true ? ' ro' : ''}${record(volume)['nocopy'] === true ? ' nocopy' : ''}${propagation === null ? '' : ` ${propagation}`}`;
        // `//a/b/` of an absolute path is `/a/b` here (docs/compose.md).
        return `${type} ${type === 'bind' ? resolve(String(source)) : (source ?? '')} ${target}${more}`;
      }),
      ...['secrets', 'configs'].flatMap(kind => list(service[kind]).map(item => recordedFile(kind, record(item), model))),
    ],
    tmpfs: [
      ...list(service['volumes']).flatMap(mount => {
        const { type, target, tmpfs, read_only } = record(mount);
        const { size, mode } = record(tmpfs);
        return type === 'tmpfs' ? [tmpfsText(String(target), size, mode, read_only === true ? 'ro' : null)] : [];
      }),
      ...list(service['tmpfs']).map(item => recordedTmpfs(String(item))),
    ],
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
    stopTimeout: service['stop_grace_period'] === undefined ? null : parseDuration(String(service['stop_grace_period']).trim(), 'compose'),
    platform: text('platform'),
    pull: service['pull_policy'] === 'if_not_present' ? 'missing' : service['pull_policy'] || 'missing',
    pid: text('pid'),
    ipc: text('ipc'),
    init: service['init'] ?? null,
    tty: service['tty'] ?? false,
    stdinOpen: service['stdin_open'] ?? false,
    readOnly: service['read_only'] ?? false,
    privileged: service['privileged'] ?? false,
    domainname: text('domainname'),
    usernsMode: text('userns_mode'),
    cpuShares: service['cpu_shares'] ?? null,
    oomScoreAdj: service['oom_score_adj'] ?? null,
    engineRuntime: text('runtime'),
    deviceRequests: [
      ...list(service['gpus']).map(item => [item, ['gpu']] as const),
      ...list(reservations['devices']).map(item => [item, []] as const),
    ].map(([item, more]) => recordedDevices(record(item), more)),
    off: Number(service['scale'] ?? deploy['replicas'] ?? 1) === 0,
  };
}

/** A mount in memory, in either form: size in bytes, mode as a number, further options as they are. */
function tmpfsText(target: string, size: unknown, mode: unknown, options: string | null): string {
  return [target, size ?? '', mode ?? '', options ?? ''].join(' ').trimEnd();
}

function recordedTmpfs(item: string): string {
  const [target = '', ...rest] = item.split(':');
  const options = rest.join(':').split(',').filter(Boolean);
  const value = (key: string): string | undefined => options.find(option => option.startsWith(`${key}=`))?.slice(key.length + 1);
  const [size, mode] = [value('size'), value('mode')];
  const others = options.filter(option => !/^(size|mode)=/.test(option)).join(',');
  return tmpfsText(target, size && parseBytes(size), mode && Number.parseInt(mode, 8), others);
}

/** An item of `secrets` or `configs` as the mount that it is: of a file, or of a text. */
function recordedFile(kind: string, { source, target, mode }: Json, model: Json): string {
  const { file } = record(record(model[kind])[String(source)]);
  const written = String(target ?? source);
  const to = written.startsWith('/') ? written : `${kind === 'configs' ? '/' : '/run/secrets/'}${written}`;
  // A number in 2.26, octal digits in 2.40.
  const bits = typeof mode === 'string' ? Number.parseInt(mode, 8) : (mode ?? 0o444);
  return file === undefined ? `content ${to} ${bits}` : `bind ${resolve(String(file))} ${to} ro`;
}

function recordedDevices({ driver, count, device_ids, capabilities, options }: Json, more: readonly string[]): Json {
  const ids = list(device_ids);
  const every = ids.length > 0 ? 0 : Number(count ?? 0) || -1;
  return {
    driver: driver ?? null,
    count: every,
    ids,
    capabilities: [...new Set([...list(capabilities), ...more])],
    options: strings(options),
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
  const time = (key: string): number | null => (check[key] === undefined ? null : parseDuration(String(check[key]).trim(), 'compose'));
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
      project.networks.map(({ key, name, external, internal, driver, options, labels, subnets, ranges = [] }) => [
        key,
        [name, [external, internal], driver, options, labels, subnets, ...ranges],
      ]),
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
    mounts: mounts.filter(mount => mount.kind !== 'tmpfs').map(mountText),
    tmpfs: mounts.flatMap(mount => (mount.kind === 'tmpfs' ? [tmpfsText(mount.target, mount.size, mount.mode, mount.options)] : [])),
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
  const { domainname, usernsMode, cpuShares, oomScoreAdj, engineRuntime, deviceRequests } = container;
  const { user, workingDir, hostname, stopSignal, platform, pull, pid, ipc, init, tty, stdinOpen, readOnly, privileged } = container;
  return {
    ...{ cpuset, pidsLimit, shmSize, dns, dnsSearch, dnsOptions, capAdd, capDrop, securityOpt, groupAdd, devices, sysctls },
    ...{ user, workingDir, hostname, stopSignal, platform: platform || null, pull, pid, ipc, init, tty, stdinOpen, readOnly, privileged },
    ...{ domainname, usernsMode, cpuShares, oomScoreAdj },
    engineRuntime: engineRuntime ?? null,
    deviceRequests: deviceRequests ?? [],
    extraHosts: container.extraHosts.map(host => host.replace(':', '=')).sort(),
    ulimits: Object.fromEntries(container.ulimits.map(({ name, soft, hard }) => [name, [soft, hard]])),
    logging: container.logging && [container.logging.driver, container.logging.options],
  };
}

function mountText(mount: MountSpec): string {
  if (mount.kind === 'content') return `content ${mount.target} ${mount.mode}`;
  const source = mount.kind === 'bind' ? mount.source : mount.kind === 'volume' ? (mount.volume ?? '') : '';
  const more = `${'readOnly' in mount && mount.readOnly ? ' ro' : ''}${'noCopy' in mount && mount.noCopy ? ' nocopy' : ''}`;
  const propagation = mount.kind === 'bind' && mount.propagation !== null ? ` ${mount.propagation}` : '';
  return `${mount.kind} ${source} ${mount.target}${more}${propagation}`;
}
