import { describe, expect, test } from 'vitest';
import type { EngineFacts } from '../../daemon/engine/client/facts.js';
import { createOptions } from '../../daemon/engine/mapping/create-options.js';
import type { ContainerSpec, MountSpec, ServiceSpec } from '../../daemon/model/spec.js';
import type { LaunchOptions } from '../../daemon/ports/ports.js';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';

const facts: EngineFacts = {
  kind: 'docker',
  version: '20.10',
  apiVersion: '1.41',
  cgroupVersion: '1',
  memoryTotal: 8 * GiB,
  cpus: 4,
  memoryLimit: true,
  swapLimit: true,
  ownPools: false,
};
const network = (key: string) => ({
  key,
  name: `p_${key}`,
  external: false,
  driver: null,
  internal: false,
  subnets: [],
  options: {},
  labels: {},
});
const volume = { key: 'data', name: 'p_data', external: false, driver: null, options: {}, labels: {} };
const launch: LaunchOptions = {
  grant: 192 * MiB,
  profile: 'minimal',
  projectRoot: '/home/u/p',
  networks: [network('default'), network('back')],
  volumes: [volume],
  carryOver: {},
  wiring: '',
};

function options(
  container: Partial<ContainerSpec> = {},
  more: { service?: Partial<ServiceSpec>; facts?: Partial<EngineFacts>; launch?: Partial<LaunchOptions> } = {},
) {
  const spec = serviceSpec({ name: 'db', ...more.service });
  return createOptions(spec, containerSpec(container), { ...launch, ...more.launch }, { ...facts, ...more.facts }, 'me');
}
const body = (container: Partial<ContainerSpec>, more = {}) => options(container, more).body;
const host = (container: Partial<ContainerSpec>, more = {}) => body(container, more).HostConfig;

describe('limits', () => {
  test('memory and swap are the grant, the reservation is the standard', () => {
    expect(host({})).toMatchObject({
      Memory: 192 * MiB,
      MemorySwap: 192 * MiB,
      MemoryReservation: 128 * MiB,
      RestartPolicy: { Name: 'no' },
    });
  });

  test('the reservation never exceeds the grant', () => {
    expect(host({}, { launch: { grant: 64 * MiB } })).toMatchObject({ Memory: 64 * MiB, MemoryReservation: 64 * MiB });
  });

  test('swappiness is left alone', () => {
    expect(host({})).not.toHaveProperty('MemorySwappiness');
  });

  test.each([
    ['cpus', { cpus: 1.5 }, { NanoCpus: 1_500_000_000 }],
    ['cpus beyond the machine', { cpus: 16 }, { NanoCpus: 4_000_000_000 }],
    ['cpuset', { cpuset: '0-2' }, { CpusetCpus: '0-2' }],
    ['cpuset partly beyond', { cpuset: '2-7' }, { CpusetCpus: '2,3' }],
    ['cpuShares', { cpuShares: 512 }, { CpuShares: 512 }],
    ['pidsLimit', { pidsLimit: 100 }, { PidsLimit: 100 }],
    ['shmSize', { shmSize: 64 * MiB }, { ShmSize: 64 * MiB }],
    ['oomScoreAdj', { oomScoreAdj: 500 }, { OomScoreAdj: 500 }],
    ['ulimits', { ulimits: [{ name: 'nofile', soft: 1, hard: 2 }] }, { Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }] }],
    ['sysctls', { sysctls: { 'net.core.somaxconn': '1024' } }, { Sysctls: { 'net.core.somaxconn': '1024' } }],
    ['readOnly', { readOnly: true }, { ReadonlyRootfs: true }],
    ['privileged', { privileged: true }, { Privileged: true }],
    ['capabilities', { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] }, { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'] }],
    ['securityOpt', { securityOpt: ['no-new-privileges'] }, { SecurityOpt: ['no-new-privileges'] }],
    ['groupAdd', { groupAdd: ['audio'] }, { GroupAdd: ['audio'] }],
    ['extraHosts', { extraHosts: ['a:1.2.3.4'] }, { ExtraHosts: ['a:1.2.3.4'] }],
    [
      'dns',
      { dns: ['1.1.1.1'], dnsSearch: ['x'], dnsOptions: ['ndots:1'] },
      { Dns: ['1.1.1.1'], DnsSearch: ['x'], DnsOptions: ['ndots:1'] },
    ],
    [
      'devices',
      { devices: ['/dev/a:/dev/b:r', '/dev/c'] },
      {
        Devices: [
          { PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' },
          { PathOnHost: '/dev/c', PathInContainer: '/dev/c', CgroupPermissions: 'rwm' },
        ],
      },
    ],
    ['pid of a service', { pid: 'service:web' }, { PidMode: 'container:p-web-1' }],
    ['ipc', { ipc: 'shareable' }, { IpcMode: 'shareable' }],
    ['usernsMode', { usernsMode: 'host' }, { UsernsMode: 'host' }],
    ['init', { init: true }, { Init: true }],
    ['network of a service', { networkMode: 'service:web' }, { NetworkMode: 'container:p-web-1' }],
    ['no network', { networkMode: 'none' }, { NetworkMode: 'none' }],
  ])('%s', (_name, container, expected) => {
    expect(host(container)).toMatchObject(expected);
  });

  test.each(['8-9', 'all', ''])('cpuset "%s" is refused', cpuset => {
    expect(() => options({ cpuset })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('names no CPU of this machine, which has 0-3'),
        failure: expect.objectContaining({ code: 'config-invalid', details: { service: expect.any(String), cpuset, available: 4 } }),
      }),
    );
  });
});

describe('the process', () => {
  test.each([
    ['image', { image: 'x:1' }, { Image: 'x:1' }],
    ['command', { command: ['a', 'b'] }, { Cmd: ['a', 'b'] }],
    ['entrypoint', { entrypoint: ['e'] }, { Entrypoint: ['e'] }],
    ['environment', { environment: { A: '1', B: '' } }, { Env: ['A=1', 'B='] }],
    ['user', { user: '1000:1000' }, { User: '1000:1000' }],
    ['workingDir', { workingDir: '/srv' }, { WorkingDir: '/srv' }],
    ['hostname', { hostname: 'h', domainname: 'd' }, { Hostname: 'h', Domainname: 'd' }],
    ['stopSignal', { stopSignal: 'SIGINT' }, { StopSignal: 'SIGINT' }],
    ['tty', { tty: true, stdinOpen: true }, { Tty: true, OpenStdin: true }],
  ])('%s', (_name, container, expected) => {
    expect(body(container)).toMatchObject(expected);
  });

  test('what the file leaves out is left to the image', () => {
    for (const key of ['Cmd', 'Entrypoint', 'User', 'WorkingDir', 'StopSignal', 'Healthcheck']) expect(body({})).not.toHaveProperty(key);
  });

  test('name, platform and stop timeout', () => {
    expect(options({ platform: 'linux/arm64' }).query).toEqual({ name: 'p-db-1', platform: 'linux/arm64' });
    expect(body({}, { service: { stopTimeout: 1500 } }).StopTimeout).toBe(2);
  });

  test('labels: ours, Compose’s, and the file’s own', () => {
    const dependsOn = ['a', 'b'].map(service => ({ service, condition: 'started' as const, required: true }));
    const labels = body({ labels: { mine: 'x', 'laptop-dev.project': 'forged' } }, { service: { dependsOn } }).Labels;
    expect(labels).toMatchObject({
      mine: 'x',
      'laptop-dev.instance': 'me',
      'laptop-dev.project': 'p',
      'laptop-dev.service': 'db',
      'laptop-dev.profile': 'minimal',
      'laptop-dev.grant': String(192 * MiB),
      'laptop-dev.depends-on': 'a,b',
      'com.docker.compose.project': 'p',
      'com.docker.compose.service': 'db',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.project.working_dir': '/home/u/p',
    });
  });

  test('a health check in nanoseconds; StartInterval only where the API has it', () => {
    const healthcheck = { test: ['CMD', 'true'], interval: 1500, timeout: 2, startPeriod: 0, startInterval: 250, retries: 3 };
    const expected = { Test: ['CMD', 'true'], Interval: 1_500_000_000, Timeout: 2_000_000, StartPeriod: 0, Retries: 3 };
    expect(body({ healthcheck }).Healthcheck).toEqual(expected);
    expect(body({ healthcheck }, { facts: { apiVersion: '1.44' } }).Healthcheck).toEqual({ ...expected, StartInterval: 250_000_000 });
  });
});

describe('networks and ports', () => {
  const attach = (name: string, more = {}) => ({ network: name, aliases: [], ipv4: null, ipv6: null, ...more });

  test('the first at creation, the others after it; each with the service’s name', () => {
    const { body: first, connect } = options({
      networks: [attach('default', { aliases: ['dbs', 'db'] }), attach('back', { ipv4: '10.0.0.9' })],
    });
    expect(first.HostConfig?.NetworkMode).toBe('p_default');
    expect(first.NetworkingConfig).toEqual({ EndpointsConfig: { p_default: { Aliases: ['db', 'dbs'] } } });
    expect(connect).toMatchObject([{ name: 'p_back', aliases: ['db'], ipv4: '10.0.0.9' }]);
  });

  test('an unknown network is a bug', () => {
    expect(() => options({ networks: [attach('absent')] })).toThrow(/not among the project/);
  });

  test('ports: a null host port is the engine’s choice; exposed ranges', () => {
    const ports = [
      { hostIp: '127.0.0.1', host: 8080, container: 80, protocol: 'tcp' as const },
      { hostIp: '::1', host: 8080, container: 80, protocol: 'tcp' as const },
      { hostIp: '0.0.0.0', host: null, container: 53, protocol: 'udp' as const },
    ];
    const made = body({ ports, expose: ['3000-3001', '9/udp', 'x'] });
    expect(made.HostConfig?.PortBindings).toEqual({
      '80/tcp': [
        { HostIp: '127.0.0.1', HostPort: '8080' },
        { HostIp: '::1', HostPort: '8080' },
      ],
      '53/udp': [{ HostIp: '0.0.0.0', HostPort: '' }],
    });
    expect(Object.keys(made.ExposedPorts ?? {}).sort()).toEqual(['3000/tcp', '3001/tcp', '53/udp', '80/tcp', '9/udp']);
  });
});

describe('mounts', () => {
  const bind = (more: object): MountSpec => ({
    kind: 'bind',
    source: '/src',
    target: '/dst',
    readOnly: false,
    createSource: true,
    propagation: null,
    ...more,
  });
  const anonymous: MountSpec = { kind: 'volume', volume: null, target: '/anon', readOnly: false, noCopy: false };

  test('binds: the short form makes the folder, the long one does not and takes colons', () => {
    const mounts = [bind({}), bind({ readOnly: true, propagation: 'rslave' }), bind({ createSource: false }), bind({ source: '/a:b' })];
    expect(host({ mounts })).toMatchObject({
      Binds: ['/src:/dst:rw', '/src:/dst:ro,rslave'],
      Mounts: [
        { Type: 'bind', Source: '/src', Target: '/dst', ReadOnly: false },
        { Type: 'bind', Source: '/a:b', Target: '/dst', ReadOnly: false },
      ],
    });
  });

  test('volumes by the engine’s name; tmpfs with its options', () => {
    const mounts: MountSpec[] = [
      { kind: 'volume', volume: 'data', target: '/data', readOnly: true, noCopy: true },
      { kind: 'tmpfs', target: '/tmp', size: 1024, mode: 0o1777, options: 'noexec' },
      { kind: 'tmpfs', target: '/run', size: null, mode: null, options: null },
    ];
    expect(host({ mounts })).toMatchObject({
      Mounts: [{ Type: 'volume', Source: 'p_data', Target: '/data', ReadOnly: true, VolumeOptions: { NoCopy: true } }],
      Tmpfs: { '/tmp': 'noexec,size=1024,mode=1777', '/run': '' },
    });
  });

  test('anonymous volumes: new, carried over, and carried over though only the image knows of them', () => {
    expect(host({ mounts: [anonymous] })?.Mounts).toEqual([{ Type: 'volume', Target: '/anon', ReadOnly: false }]);
    expect(host({ mounts: [anonymous] }, { launch: { carryOver: { '/anon': 'v1', '/image': 'v2' } } })?.Mounts).toEqual([
      { Type: 'volume', Source: 'v1', Target: '/anon', ReadOnly: false },
      { Type: 'volume', Source: 'v2', Target: '/image', ReadOnly: false },
    ]);
  });

  test('a file from a variable gets a volume only where the engine could not write it', () => {
    const content: MountSpec = { kind: 'content', text: 's', target: '/run/secrets/a', mode: 0o400 };
    expect(host({ mounts: [content] })?.Mounts).toEqual([]);
    expect(host({ mounts: [content], readOnly: true })?.Mounts).toEqual([{ Type: 'volume', Target: '/run/secrets', ReadOnly: false }]);
    expect(() => options({ mounts: [{ ...content, target: '/a' }], readOnly: true })).toThrow(/read-only root/);
  });
});

describe('logs', () => {
  test('rotated by default; the file’s choice wins', () => {
    expect(host({})?.LogConfig).toEqual({ Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } });
    const logging = { driver: 'local', options: { compress: 'true' } };
    expect(host({ logging })?.LogConfig).toEqual({ Type: 'local', Config: { compress: 'true' } });
  });

  test('Podman gets the driver and the options that it knows', () => {
    expect(host({}, { facts: { kind: 'podman' } })?.LogConfig).toEqual({ Type: 'k8s-file', Config: { 'max-size': '10m' } });
    expect(host({ logging: { driver: 'journald', options: { tag: 'x', env: 'A' } } }, { facts: { kind: 'podman' } })?.LogConfig).toEqual({
      Type: 'journald',
      Config: { tag: 'x' },
    });
  });
});
