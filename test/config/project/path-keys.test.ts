import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { knownShape } from '../../../daemon/config/compose/generated/schema.js';
import { risks } from '../../../daemon/model/trust/trust.js';
import { load, tree } from './tree.js';

/*
 * Every key of the Compose model, and whether it names something on this machine. A key that is new in the schema belongs into one of the three
 * lists: what is read, mounted or built by it goes through daemon/path-gate, and its line in JUDGED proves that.
 */

/** LINK is a link in the project to a folder outside, with the files that are named. */
const JUDGED: Readonly<Record<string, string>> = {
  include: 'include: [LINK/other.yaml]',
  'include.path': 'include: [{ path: LINK/other.yaml }]',
  'include.env_file': 'include: [{ path: ./inner.yaml, env_file: LINK/values }]',
  'include.project_directory': 'include: [{ path: ./mounting.yaml, project_directory: LINK }]',
  'services.env_file': 'services: { a: { image: a, env_file: LINK/values } }',
  'services.env_file.path': 'services: { a: { image: a, env_file: [{ path: LINK/values, required: false }] } }',
  'services.extends': 'services: { a: { extends: { file: LINK/other.yaml, service: other } } }',
  'services.extends.file': 'services: { a: { extends: { file: LINK/other.yaml, service: other } } }',
  'services.volumes': 'services: { a: { image: a, volumes: ["LINK/deep/new:/x:ro"] } }',
  'services.volumes.source': 'services: { a: { image: a, volumes: [{ type: bind, source: LINK, target: /x }] } }',
  'services.devices': 'services: { a: { image: a, devices: ["ROOT/LINK/values:/dev/x"] } }',
  'services.devices.source': 'services: { a: { image: a, devices: [{ source: ROOT/LINK/values, target: /dev/x }] } }',
  'services.build': 'services: { a: { build: LINK } }',
  'services.build.context': 'services: { a: { build: { context: ./LINK } } }',
  'services.build.dockerfile': 'services: { a: { build: { context: ., dockerfile: LINK/Dockerfile } } }',
  'secrets.file': 'services: { a: { image: a, secrets: [s] } }\nsecrets: { s: { file: LINK/values } }',
  'configs.file': 'services: { a: { image: a, configs: [s] } }\nconfigs: { s: { file: LINK/values } }',
  'volumes.driver_opts':
    'services: { a: { image: a, volumes: ["v:/x"] } }\nvolumes: { v: { driver_opts: { type: none, o: "ro,bind", device: ROOT/LINK } } }',
};

/** They name something that is neither read nor mounted nor sent: laptop-dev ignores them. */
const UNREAD: Readonly<Record<string, string>> = {
  'services.label_file': 'label_file: LINK/values',
  'services.credential_spec.file': 'credential_spec: { file: LINK/values }',
  'services.develop.watch.path': 'develop: { watch: [{ path: LINK, action: rebuild }] }',
  'services.build.ssh': 'build: { context: ., ssh: ["default=LINK/values"] }',
  'services.build.additional_contexts': 'build: { context: ., additional_contexts: { more: LINK } }',
  'services.build.cache_from': 'build: { context: ., cache_from: ["type=local,src=LINK"] }',
  'services.build.cache_to': 'build: { context: ., cache_to: ["type=local,dest=LINK"] }',
  'services.volumes.volume.subpath': 'volumes: [{ type: volume, target: /x, volume: { subpath: LINK } }]',
  'services.volumes.image.subpath': 'volumes: [{ type: volume, target: /x, image: { subpath: LINK } }]',
  'services.blkio_config.device_read_bps.path': 'blkio_config: { device_read_bps: [{ path: LINK/values, rate: 1 }] }',
  'services.blkio_config.device_read_iops.path': 'blkio_config: { device_read_iops: [{ path: LINK/values, rate: 1 }] }',
  'services.blkio_config.device_write_bps.path': 'blkio_config: { device_write_bps: [{ path: LINK/values, rate: 1 }] }',
  'services.blkio_config.device_write_iops.path': 'blkio_config: { device_write_iops: [{ path: LINK/values, rate: 1 }] }',
  'services.blkio_config.weight_device.path': 'blkio_config: { weight_device: [{ path: LINK/values, weight: 1 }] }',
  'services.provider.options': 'provider: { type: x, options: { file: LINK/values } }',
  'services.storage_opt': 'storage_opt: { size: LINK }',
  'secrets.driver_opts': 'secrets: [s]',
};

/** Everything else names nothing on this machine by its path. */
const NO_PATHS = `
  services.pre_start services.pre_start.command services.pre_start.image services.pre_start.user services.pre_start.privileged
  services.pre_start.working_dir services.pre_start.environment services.pre_start.per_replica
  version name services models networks volumes secrets configs services.develop services.deploy services.annotations
  services.attach services.blkio_config services.cap_add services.cap_drop services.cgroup services.cgroup_parent services.command
  services.configs services.container_name services.cpu_count services.cpu_percent services.cpu_shares services.cpu_quota
  services.cpu_period services.cpu_rt_period services.cpu_rt_runtime services.cpus services.cpuset services.credential_spec
  services.depends_on services.device_cgroup_rules services.dns services.dns_opt services.dns_search services.domainname
  services.entrypoint services.environment services.expose services.provider services.external_links services.extra_hosts
  services.gpus services.group_add services.healthcheck services.hostname services.image services.init services.ipc
  services.isolation services.labels services.links services.logging services.mac_address services.mem_limit
  services.mem_reservation services.mem_swappiness services.memswap_limit services.network_mode services.models services.networks
  services.oom_kill_disable services.oom_score_adj services.pid services.pids_limit services.platform services.ports
  services.post_start services.pre_stop services.privileged services.profiles services.pull_policy services.pull_refresh_after
  services.read_only services.restart services.runtime services.scale services.security_opt services.shm_size services.secrets
  services.sysctls services.stdin_open services.stop_grace_period services.stop_signal services.tmpfs services.tty services.ulimits
  services.use_api_socket services.user services.uts services.userns_mode services.volumes_from services.working_dir
  services.develop.watch services.develop.watch.ignore services.develop.watch.include services.develop.watch.action
  services.develop.watch.target services.develop.watch.exec services.develop.watch.initial_sync services.develop.watch.exec.command
  services.develop.watch.exec.user services.develop.watch.exec.privileged services.develop.watch.exec.working_dir
  services.develop.watch.exec.environment services.deploy.mode services.deploy.endpoint_mode services.deploy.replicas
  services.deploy.labels services.deploy.rollback_config services.deploy.update_config services.deploy.resources
  services.deploy.restart_policy services.deploy.placement services.deploy.rollback_config.parallelism
  services.deploy.rollback_config.delay services.deploy.rollback_config.failure_action services.deploy.rollback_config.monitor
  services.deploy.rollback_config.max_failure_ratio services.deploy.rollback_config.order services.deploy.update_config.parallelism
  services.deploy.update_config.delay services.deploy.update_config.failure_action services.deploy.update_config.monitor
  services.deploy.update_config.max_failure_ratio services.deploy.update_config.order services.deploy.resources.limits
  services.deploy.resources.reservations services.deploy.resources.limits.cpus services.deploy.resources.limits.memory
  services.deploy.resources.limits.pids services.deploy.resources.reservations.cpus services.deploy.resources.reservations.memory
  services.deploy.resources.reservations.generic_resources services.deploy.resources.reservations.devices
  services.deploy.resources.reservations.generic_resources.discrete_resource_spec
  services.deploy.resources.reservations.generic_resources.discrete_resource_spec.kind
  services.deploy.resources.reservations.generic_resources.discrete_resource_spec.value
  services.deploy.resources.reservations.devices.capabilities services.deploy.resources.reservations.devices.count
  services.deploy.resources.reservations.devices.device_ids services.deploy.resources.reservations.devices.driver
  services.deploy.resources.reservations.devices.options services.deploy.restart_policy.condition
  services.deploy.restart_policy.delay services.deploy.restart_policy.max_attempts services.deploy.restart_policy.window
  services.deploy.placement.constraints services.deploy.placement.preferences services.deploy.placement.max_replicas_per_node
  services.deploy.placement.preferences.spread services.build.dockerfile_inline services.build.entitlements services.build.args
  services.build.labels services.build.no_cache services.build.no_cache_filter services.build.network services.build.provenance
  services.build.sbom services.build.pull services.build.target services.build.shm_size services.build.extra_hosts
  services.build.isolation services.build.privileged services.build.secrets services.build.tags services.build.ulimits
  services.build.platforms services.build.secrets.source services.build.secrets.target services.build.secrets.uid
  services.build.secrets.gid services.build.secrets.mode services.build.ulimits.hard services.build.ulimits.soft
  services.blkio_config.device_read_bps services.blkio_config.device_read_iops services.blkio_config.device_write_bps
  services.blkio_config.device_write_iops services.blkio_config.weight services.blkio_config.weight_device
  services.blkio_config.device_read_bps.rate services.blkio_config.device_read_iops.rate services.blkio_config.device_write_bps.rate
  services.blkio_config.device_write_iops.rate services.blkio_config.weight_device.weight services.configs.source
  services.configs.target services.configs.uid services.configs.gid services.configs.mode services.credential_spec.config
  services.credential_spec.registry services.depends_on.restart services.depends_on.required services.depends_on.condition
  services.devices.target services.devices.permissions services.env_file.format services.env_file.required services.extends.service
  services.provider.type services.healthcheck.disable services.healthcheck.interval services.healthcheck.retries
  services.healthcheck.test services.healthcheck.timeout services.healthcheck.start_period services.healthcheck.start_interval
  services.logging.driver services.logging.options services.models.endpoint_var services.models.model_var services.networks.aliases
  services.networks.interface_name services.networks.ipv4_address services.networks.ipv6_address services.networks.link_local_ips
  services.networks.mac_address services.networks.driver_opts services.networks.priority services.networks.gw_priority
  services.ports.name services.ports.mode services.ports.host_ip services.ports.target services.ports.published
  services.ports.protocol services.ports.app_protocol services.post_start.command services.post_start.user
  services.post_start.privileged services.post_start.working_dir services.post_start.environment services.pre_stop.command
  services.pre_stop.user services.pre_stop.privileged services.pre_stop.working_dir services.pre_stop.environment
  services.secrets.source services.secrets.target services.secrets.uid services.secrets.gid services.secrets.mode
  services.ulimits.hard services.ulimits.soft services.volumes.type services.volumes.target services.volumes.read_only
  services.volumes.consistency services.volumes.bind services.volumes.volume services.volumes.tmpfs services.volumes.image
  services.volumes.bind.propagation services.volumes.bind.create_host_path services.volumes.bind.recursive
  services.volumes.bind.selinux services.volumes.volume.labels services.volumes.volume.nocopy services.volumes.tmpfs.size
  services.volumes.tmpfs.mode models.name models.model models.context_size models.runtime_flags networks.name networks.driver
  networks.driver_opts networks.ipam networks.external networks.internal networks.enable_ipv4 networks.enable_ipv6
  networks.attachable networks.labels networks.ipam.driver networks.ipam.config networks.ipam.options networks.ipam.config.subnet
  networks.ipam.config.ip_range networks.ipam.config.gateway networks.ipam.config.aux_addresses networks.external.name volumes.name
  volumes.driver volumes.external volumes.labels volumes.external.name secrets.name secrets.environment secrets.external
  secrets.labels secrets.driver secrets.template_driver configs.name configs.content configs.environment configs.external
  configs.labels configs.template_driver
`;

interface Shape {
  readonly keys?: readonly string[];
  readonly in?: Readonly<Record<string, Shape>>;
  readonly any?: Shape;
}

function keysOf(shape: Shape, above: string): string[] {
  const own = (shape.keys ?? []).map(key => `${above}${key}`);
  const inner = Object.entries(shape.in ?? {}).flatMap(([key, value]) => keysOf(value, `${above}${key}.`));
  return [...own, ...inner, ...(shape.any ? keysOf(shape.any, above) : [])];
}

test('each key of the model has been decided about', () => {
  const decided = [...Object.keys(JUDGED), ...Object.keys(UNREAD), ...NO_PATHS.trim().split(/\s+/)];
  const undecided = [...new Set(keysOf(knownShape as Shape, ''))].filter(key => !decided.includes(key));
  expect(undecided, 'does it name a path of this machine? see the lists of this file').toEqual([]);
});

function planted(compose: string): { readonly root: string; readonly outside: string } {
  const outside = tree({ values: 'CANARY=of-the-machine', 'other.yaml': 'services: { other: { image: other } }', Dockerfile: 'FROM a' });
  const root = tree({
    'inner.yaml': 'services: { inner: { image: "$CANARY" } }',
    'mounting.yaml': 'services: { inner: { image: b, volumes: ["./x:/x"] } }',
    Dockerfile: 'FROM a',
  });
  mkdirSync(join(root, 'below'));
  symlinkSync(outside, join(root, 'below/link'));
  writeFileSync(join(root, 'compose.yaml'), compose.replaceAll('LINK', './below/link').replaceAll('ROOT/./', `${root}/`));
  return { root, outside };
}

describe('a link out of the project is seen through', () => {
  test.each(Object.entries(JUDGED))('%s', async (_, compose) => {
    const { root, outside } = planted(compose);
    const { spec, problems } = await load(root);
    expect(problems).toEqual([]);
    const asked = spec === null ? [] : risks(spec).map(risk => risk.what);
    expect(asked).not.toEqual([]);
    expect(asked.filter(what => !what.includes(outside))).toEqual([]);
  });
});

describe('what is ignored is not read', () => {
  test.each(Object.entries(UNREAD))('%s', async (_, line) => {
    const secret = line === 'secrets: [s]' ? '\nsecrets: { s: { external: true, driver_opts: { file: LINK/values } } }' : '';
    const { root, outside } = planted(`services: { a: { image: a, ${line} } }${secret}`);
    const { spec } = await load(root);
    expect(JSON.stringify(spec)).not.toContain(outside);
    expect(JSON.stringify(spec)).not.toContain('of-the-machine');
  });
});
