import { describe, expect, it } from 'vitest';
import { web } from './files.js';

const MiB = 1024 * 1024;

describe('a service in long form', () => {
  it.each([
    ['command: echo "a b" c', ['echo', 'a b', 'c']],
    ['command: [echo, "a b"]', ['echo', 'a b']],
    ["command: sh -c 'a && b'", ['sh', '-c', 'a && b']],
    ['command: ""', []],
    ['command: []', []],
    ['tty: false', null],
  ])('%s', async (lines, command) => {
    expect((await web(lines)).container.command).toEqual(command);
  });

  it.each([
    ['restart: "no"', 'no', null],
    ['restart: no', 'no', null],
    ['restart: always', 'always', null],
    ['restart: unless-stopped', 'always', null],
    ['restart: on-failure', 'on-failure', null],
    ['restart: on-failure:3', 'on-failure', 3],
    ['tty: true', 'on-failure', null],
    ['deploy: {restart_policy: {condition: none}}', 'no', null],
    ['deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}', 'on-failure', 2],
    ['deploy: {restart_policy: {}}', 'always', null],
  ])('%s', async (lines, policy, maxRetries) => {
    expect((await web(lines)).restart).toEqual({ policy, maxRetries });
  });

  it.each([
    ['mem_limit: 512m', 512 * MiB, null],
    ['mem_limit: 1073741824', 1024 * MiB, null],
    ['mem_limit: 0', null, null],
    ['deploy: {resources: {limits: {memory: 1.5GB}, reservations: {memory: 256M}}}', 1536 * MiB, 256 * MiB],
    ['mem_limit: 512m\nmem_reservation: 128mb\ndeploy: {resources: {limits: {memory: 0.5g}}}', 512 * MiB, 128 * MiB],
    ['tty: true', null, null],
  ])('%s', async (lines, limit, reservation) => {
    const service = await web(lines);
    expect([service.memoryLimit, service.memoryReservation]).toEqual([limit, reservation]);
  });

  it.each([
    ['cpus: 1.5', 1.5],
    ['cpus: "0.25"', 0.25],
    ['cpus: 0', null],
    ['deploy: {resources: {limits: {cpus: "2"}}}', 2],
    ['cpu_quota: 50000', 0.5],
    ['cpu_quota: 50000\ncpu_period: 25000', 2],
    ['cpu_quota: -1', null],
  ])('%s', async (lines, cpus) => {
    expect((await web(lines)).container.cpus).toBe(cpus);
  });

  it.each([
    ['healthcheck: {test: curl x}', ['CMD-SHELL', 'curl x']],
    ['healthcheck: {test: [CMD, curl, x]}', ['CMD', 'curl', 'x']],
    ['healthcheck: {test: [NONE]}', ['NONE']],
    ['healthcheck: {test: curl x, disable: true}', ['NONE']],
    ['healthcheck: {interval: 5s}', []],
  ])('%s', async (lines, test) => {
    expect((await web(lines)).container.healthcheck?.test).toEqual(test);
  });

  it('reads durations, and how long the check is patient', async () => {
    const { container, startTimeout, stopTimeout } = await web(
      'stop_grace_period: 1m30s\nhealthcheck: {test: x, interval: 1.5s, timeout: 500ms, start_period: 1h, retries: 4}',
    );
    expect(container.healthcheck).toMatchObject({ interval: 1500, timeout: 500, startPeriod: 3_600_000, startInterval: null, retries: 4 });
    expect([startTimeout, stopTimeout]).toEqual([3_600_000 + 4 * 2000, 90_000]);
  });

  it('publishes on 127.0.0.1 unless told otherwise', async () => {
    const { container } = await web('ports: ["80:8080", "0.0.0.0:81:81", "[::1]:82:82", "::1:83:83", 84, "127.0.0.2::85"]');
    expect(container.ports.map(port => [port.hostIp, port.host, port.container])).toEqual([
      ['127.0.0.1', 80, 8080],
      ['0.0.0.0', 81, 81],
      ['::1', 82, 82],
      ['::1', 83, 83],
      ['127.0.0.1', null, 84],
      ['127.0.0.2', null, 85],
    ]);
  });

  it('takes tmpfs apart', async () => {
    const { container } = await web('tmpfs: ["/run:size=64m,mode=1770,noexec", /tmp]');
    expect(container.mounts).toEqual([
      { kind: 'tmpfs', target: '/run', size: 64 * MiB, mode: 0o1770, options: 'noexec' },
      { kind: 'tmpfs', target: '/tmp', size: null, mode: null, options: null },
    ]);
  });

  it('gives host entries as the engine takes them', async () => {
    const { container } = await web('extra_hosts: {a: 1.2.3.4, b: ["::1", "[::2]"], gw: host-gateway}');
    expect(container.extraHosts).toEqual(['a:1.2.3.4', 'b:::1', 'b:::2', 'gw:host-gateway']);
  });

  it('makes a fixed container name an alias in each network', async () => {
    const { container } = await web('container_name: my-db\nnetworks: {default: {aliases: [other, my-db]}}');
    expect(container.networks).toEqual([{ network: 'default', aliases: ['other', 'my-db'], ipv4: null, ipv6: null }]);
  });

  it('hands x-laptop-dev on with the places of its values', async () => {
    const { extension, position } = await web('x-laptop-dev:\n  memory: {standard: 64MB}\n  tags: [a]');
    expect(extension).toMatchObject({ value: { memory: { standard: '64MB' }, tags: ['a'] }, line: 5, column: 7 });
    expect(extension?.locations.get('memory.standard')).toMatchObject({ line: 5, column: 26 });
    expect(extension?.locations.get('KEY#tags')).toMatchObject({ line: 6, column: 7 });
    expect(position).toMatchObject({ line: 2, column: 3 });
  });

  it('keeps a name like __proto__ a name', async () => {
    const { container } = await web('environment: {__proto__: a, constructor: b}\nlabels: ["__proto__=c"]');
    expect(Object.entries(container.environment)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.entries(container.labels)).toEqual([['__proto__', 'c']]);
  });
});
