import { describe, expect, it } from 'vitest';
import type { ContainerSpec, MountSpec, NetworkSpec, VolumeSpec } from '../../daemon/model/spec.js';
import { risks, trustText } from '../../daemon/model/trust/trust.js';
import { isPrivateSubnet } from '../../daemon/shared/cidr.js';
import { containerSpec, projectSpec, serviceSpec } from '../scheduler/specs.js';

const ROOT = '/home/u/p';
const bind = (source: string, propagation: string | null = null): Partial<ContainerSpec> => ({
  mounts: [{ kind: 'bind', source, target: '/in', readOnly: false, createSource: true, propagation }],
});
const build = (context: string, dockerfile: string): Partial<ContainerSpec> => ({
  build: { context, dockerfile, dockerfileInline: null, target: null, args: {}, labels: {} },
});
const project = (over: Partial<ContainerSpec>, root = ROOT) =>
  projectSpec({ root, services: [serviceSpec({ container: containerSpec(over) })] });
const whats = (over: Partial<ContainerSpec>, root = ROOT) => risks(project(over, root)).map(risk => risk.what);

describe('risks of a service', () => {
  const risky: [string, Partial<ContainerSpec>, RegExp][] = [
    ['privileged', { privileged: true }, /^privileged/],
    ['a folder outside', bind('/etc'), /^volume \/etc → \/in$/],
    ['a folder outside by ..', bind(`${ROOT}/../other`), /other/],
    ['a sibling with the same beginning', bind(`${ROOT}-evil`), /evil/],
    ['the parent', bind('/home/u'), /^volume/],
    ['a relative source, which should not occur', bind('etc'), /^volume etc/],
    ['a Windows pipe', bind('//./pipe/docker_engine'), /docker_engine/],
    ['shared propagation', bind(`${ROOT}/data`, 'rshared'), /rshared/],
    ['host network', { networkMode: 'host' }, /^network_mode: host/],
    ["another container's network", { networkMode: 'container:abc' }, /container:abc/],
    ['a network namespace by path', { networkMode: 'ns:/proc/1/ns/net' }, /ns:/],
    ['host processes', { pid: 'host' }, /^pid: host/],
    ['processes of a container', { pid: 'container:abc' }, /^pid/],
    ['host IPC', { ipc: 'host' }, /^ipc: host/],
    ['the network of a service that is not there', { networkMode: 'service:api-1' }, /service:api-1/],
    ['the processes of a service that is not there', { pid: 'service:other' }, /service:other/],
    ['a network by its name', { networkMode: 'other_default' }, /other_default/],
    ['a place before the others when memory is short', { oomScoreAdj: -500 }, /-500/],
    ['host users', { usernsMode: 'host' }, /^userns_mode: host/],
    ['a device', { devices: ['/dev/sda:/dev/sda:rwm'] }, /^device \/dev\/sda/],
    ['a capability', { capAdd: ['SYS_ADMIN'] }, /SYS_ADMIN/],
    ['a capability, prefixed, small', { capAdd: ['cap_net_admin'] }, /net_admin/],
    ['all capabilities', { capAdd: ['ALL'] }, /ALL/],
    ['no seccomp', { securityOpt: ['seccomp=unconfined'] }, /seccomp/],
    ['no seccomp, old spelling', { securityOpt: ['seccomp:unconfined'] }, /seccomp/],
    ['no AppArmor', { securityOpt: ['apparmor=unconfined'] }, /apparmor/],
    ['no SELinux', { securityOpt: ['label=disable'] }, /label/],
    ['open system paths', { securityOpt: ['systempaths=unconfined'] }, /systempaths/],
    ['a kernel setting', { sysctls: { 'kernel.shmmax': '1' } }, /kernel\.shmmax/],
    ['a build outside', build('/home/u/other', '/home/u/other/Dockerfile'), /build from \/home\/u\/other/],
    ['a Dockerfile outside', build(ROOT, '/tmp/Dockerfile'), /\/tmp\/Dockerfile/],
  ];
  it.each(risky)('%s', (_name, over, what) => {
    expect(whats(over)).toContainEqual(expect.stringMatching(what));
  });

  const harmless: [string, Partial<ContainerSpec>][] = [
    ['nothing', {}],
    ['a folder of the project', bind(`${ROOT}/src`)],
    ['the project itself', bind(ROOT)],
    ['a way round inside', bind(`${ROOT}/a/../b`)],
    ['a named volume', { mounts: [{ kind: 'volume', volume: 'data', target: '/d', readOnly: false, noCopy: false }] }],
    ['a tmpfs', { mounts: [{ kind: 'tmpfs', target: '/d', size: null, mode: null, options: null }] }],
    ['no network', { networkMode: 'none' }],
    ['the network of a service of the project', { networkMode: 'service:app', pid: 'service:app', ipc: 'service:app' }],
    ['a capability that is there by default', { capDrop: ['ALL'], capAdd: ['CHOWN', 'CAP_SETUID', 'net_bind_service'] }],
    ['no new privileges', { securityOpt: ['no-new-privileges:true', 'no-new-privileges'] }],
    ['a network setting', { sysctls: { 'net.core.somaxconn': '1024' } }],
    ['a build of the project', build(`${ROOT}/api`, `${ROOT}/api/Dockerfile`)],
  ];
  it.each(harmless)('nothing to trust in %s', (_name, over) => expect(whats(over)).toEqual([]));

  it.each([
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/run/user/1000/podman/podman.sock',
    '/run/containerd/containerd.sock',
    '/run',
    '/var/run/',
    '/var',
    '/',
    '/run/user/1000',
    '/run/user/1000/laptop-dev',
    '/home/u/.docker/run/docker.sock',
    `${ROOT}/docker.sock`,
  ])('says that %s leads to an engine', source => {
    expect(risks(project(bind(source)))[0]?.why).toContain('root on this machine');
  });

  it('takes nothing for the project when the project is the root folder', () => {
    expect(whats(bind('/etc'), '/')).toHaveLength(1);
  });

  it('names every point of every service', () => {
    const spec = projectSpec({
      services: [
        serviceSpec({ name: 'a', container: containerSpec({ privileged: true, pid: 'host' }) }),
        serviceSpec({ name: 'b', container: containerSpec({ devices: ['/dev/kvm'] }) }),
        serviceSpec({ name: 'adopted', container: null }),
      ],
    });
    expect(risks(spec).map(risk => risk.service)).toEqual(['a', 'a', 'b']);
  });
});

describe('risks of a volume', () => {
  const volume = (options: Record<string, string>, external = false): VolumeSpec => ({
    key: 'data',
    name: 'p_data',
    external,
    driver: 'local',
    options,
    labels: {},
  });
  it.each([
    ['a bind outside', { type: 'none', o: 'bind', device: '/etc' }],
    ['a recursive bind outside', { type: 'none', o: 'ro,rbind', device: '/etc' }],
    ['a bind with a type that reads harmless', { type: 'tmpfs', o: 'bind', device: '/etc' }],
    ['a disk', { type: 'ext4', device: '/dev/sda1' }],
    ['an overlay', { type: 'overlay', o: 'lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w', device: 'overlay' }],
  ])('%s', (_name, options) => {
    expect(risks(projectSpec({ volumes: [volume(options)] })).map(risk => risk.service)).toEqual(['volume data']);
  });
  it.each([
    ['a bind of the project', { type: 'none', o: 'bind', device: `${ROOT}/data` }],
    ['a tmpfs', { type: 'tmpfs', o: 'size=64m', device: 'tmpfs' }],
    ['a network share', { type: 'nfs', o: 'addr=10.0.0.1', device: ':/share' }],
    ['nothing', {}],
  ])('nothing to trust in %s', (_name, options) => {
    expect(risks(projectSpec({ volumes: [volume(options as Record<string, string>)] }))).toEqual([]);
  });
});

describe('risks of a network', () => {
  const network = (over: Partial<NetworkSpec>): NetworkSpec => ({
    key: 'net',
    name: 'p_net',
    external: false,
    driver: null,
    internal: false,
    subnets: [],
    options: {},
    labels: {},
    ...over,
  });
  it.each<Partial<NetworkSpec>>([
    { external: true, name: 'host' },
    { driver: 'host' },
    { driver: 'macvlan' },
    { driver: 'weave' },
    { external: true, name: 'container:abc' },
    { external: true, name: 'shared' },
    { subnets: ['172.20.0.0/16', '203.0.113.0/24'] },
    { options: { 'com.docker.network.bridge.name': 'docker0' } },
    { options: { 'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0' } },
    { options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'routed' } },
    { options: { 'never.heard.of': '1' } },
    { options: { constructor: '1' } },
  ])('%j', over => {
    expect(risks(projectSpec({ networks: [network(over)] })).map(risk => risk.service)).toEqual(['network net']);
  });
  it.each<Partial<NetworkSpec>>([
    {},
    { driver: 'bridge', internal: true, name: 'a-name-of-its-own' },
    { subnets: ['172.20.0.0/16', 'fd00:1::/64'] },
    { options: { 'com.docker.network.driver.mtu': '1400', 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' } },
  ])('nothing to trust in %j', over => {
    expect(risks(projectSpec({ networks: [network(over)] }))).toEqual([]);
  });
});

describe('a subnet', () => {
  it.each([
    ...['10.0.0.0/8', '10.255.255.0/24', '172.16.0.0/12', '172.31.9.0/24', '192.168.0.0/16', '192.168.1.128/25', '10.1.2.3/32'],
    ...['fc00::/7', 'fd00::/8', 'fd12:3456:789a:1::/64', 'FD00:1::/64'],
  ])('%s is private', subnet => expect(isPrivateSubnet(subnet)).toBe(true));
  it.each([
    ...['0.0.0.0/0', '8.8.8.0/24', '203.0.113.0/24', '172.32.0.0/16', '172.15.0.0/16', '192.167.0.0/16', '11.0.0.0/8', '9.255.255.0/24'],
    // Their beginnings are private, their ends are not.
    ...['10.0.0.0/7', '172.16.0.0/11', '192.168.0.0/15', 'fc00::/6'],
    ...[
      '127.0.0.0/8',
      '169.254.169.0/24',
      '100.64.0.0/10',
      '224.0.0.0/4',
      'fe80::/64',
      '::/0',
      '2001:db8::/32',
      'fc::/64',
      '::ffff:10.0.0.0/104',
    ],
    ...[
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/33',
      '010.0.0.0/8',
      '0x0a.0.0.0/8',
      '10.0.0/24',
      '10.0.0.256/24',
      '10.0.0.0/8/8',
      '',
      'fd00::1%eth0/64',
    ],
  ])('%j is not', subnet => expect(isPrivateSubnet(subnet)).toBe(false));
});

describe('what a log driver can do', () => {
  const of = (driver: string, options: Record<string, string> = {}) => whats({ logging: { driver, options } });
  it.each([
    ['fluentd', {}],
    ['fluentd', { 'fluentd-address': 'unix:///var/run/docker.sock' }],
    ['syslog', { 'syslog-address': 'unixgram:///dev/log' }],
    ['gelf', { 'gelf-address': 'udp://10.0.0.1:12201' }],
    ...['splunk', 'awslogs', 'gcplogs', 'etwlogs', 'logentries', 'passthrough', 'grafana/loki-docker-driver:latest'].map(each => [
      each,
      {},
    ]),
    ['json-file', { path: '/etc/cron.d/x' }],
    ['k8s-file', { path: '/etc/cron.d/x' }],
    ['journald', { 'max-size': '1m', path: 'x' }],
    ['local', { constructor: 'x' }],
  ] as [string, Record<string, string>][])('%s %j is asked for', (driver, options) => expect(of(driver, options)).toHaveLength(1));
  it.each([
    ['json-file', { 'max-size': '10m', 'max-file': '3', compress: 'true', labels: 'a', env: 'B', tag: '{{.Name}}', mode: 'non-blocking' }],
    ['local', { 'max-size': '10m' }],
    ['journald', { tag: 'x' }],
    ['none', {}],
  ] as [string, Record<string, string>][])('%s %j is not', (driver, options) => expect(of(driver, options)).toEqual([]));
  it('does not tell a token', () => {
    expect(of('splunk', { 'splunk-url': 'https://me:pw@splunk', 'splunk-token': 'abc' })).toEqual([
      'logging: splunk splunk-url=https://[redacted]@splunk splunk-token=…',
    ]);
  });
});

describe('trustText', () => {
  const mounts: MountSpec[] = [{ kind: 'bind', source: '/etc', target: '/e', readOnly: true, createSource: false, propagation: null }];
  const text = (over: Partial<ContainerSpec>, root = ROOT) => trustText(project({ mounts, ...over }, root));

  it('is empty when there is nothing to trust', () => expect(trustText(project({}))).toBe(''));
  it('stays the same when something harmless changes', () => {
    expect(text({ labels: { A: '1' }, stopSignal: 'SIGINT' })).toBe(text({}));
  });
  it.each([
    ['a further risk', text({ pid: 'host' })],
    ['what runs with the power', text({ image: 'other' })],
    ['its command', text({ command: ['sh'] })],
    ['its environment', text({ environment: { A: '1' } })],
    ['the folder of the project', text({}, '/home/u/q')],
  ])('changes with %s', (_name, changed) => expect(changed).not.toBe(text({})));
  it('changes with what runs on a volume that is a risk', () => {
    const disk: VolumeSpec = {
      key: 'd',
      name: 'p_d',
      external: false,
      driver: null,
      options: { device: '/dev/sda1', type: 'ext4' },
      labels: {},
    };
    const on = (image: string) => {
      const container = containerSpec({ image, mounts: [{ kind: 'volume', volume: 'd', target: '/d', readOnly: false, noCopy: false }] });
      return trustText(projectSpec({ services: [serviceSpec({ container })], volumes: [disk] }));
    };
    expect(on('a')).not.toBe(on('b'));
  });
});
