import { describe, expect, test } from 'vitest';
import type { ContainerSpec, PortSpec, ProjectSpec, ServiceId } from '../../daemon/model/spec.js';
import { containerSpec } from './specs.js';
import { Driver } from './support/driver.js';
import { policy, project, type Sketch } from './support/specs.js';

const port = (host: number, hostIp = '127.0.0.1', protocol: PortSpec['protocol'] = 'tcp'): PortSpec => ({
  hostIp,
  host,
  container: 80,
  protocol,
});
const eager = (hash: string, container: Partial<ContainerSpec>): Sketch => ({
  start: 'eager',
  configHash: hash,
  container: containerSpec(container),
});
const at = (ipv4: string | null): Partial<ContainerSpec> => ({ networks: [{ network: 'default', aliases: [], ipv4, ipv6: null }] });
const entryOf = (driver: Driver, id: ServiceId) => driver.world.services.get(id);

/** Brings it up; what runs holds the ports and the address that its definition says, as the engine would show them. */
function running(driver: Driver, spec: ProjectSpec): void {
  driver.shows = ({ container }) => ({
    ports: (container?.ports ?? []).flatMap(each => (each.host === null ? [] : [{ ...each, host: each.host }])),
    ip: container?.networks[0]?.ipv4 ?? null,
  });
  driver.up(spec);
  driver.settle();
}

/** After the `up` the images are there at once: what is launched before anything has stopped. */
function launchedAtOnce(driver: Driver): string[] {
  const images = driver.stepsOf('ensureImage');
  const launched = driver.stepsOf('launch').map(({ id }) => id);
  for (const { id, attempt } of images) {
    driver.send({ kind: 'imageReady', id, attempt });
    launched.push(...driver.stepsOf('launch').map(step => step.id));
  }
  return launched;
}

function stopped(driver: Driver, id: ServiceId): string[] {
  const container = entryOf(driver, id)?.container ?? '';
  driver.send({ kind: 'stopped', id, container, exit: { code: 0, oom: false } });
  return launchedAtOnce(driver);
}

describe('a launch waits for what leaves and holds what it needs', () => {
  const one = (name: string, container: Partial<ContainerSpec>) => project('p', { [name]: eager('h', container) });

  test.each<[string, Partial<ContainerSpec>, Partial<ContainerSpec>]>([
    ['a renamed service with the same port', { ports: [port(80)] }, { ports: [port(80)] }],
    ['the same port on all addresses', { ports: [port(80)] }, { ports: [port(80, '0.0.0.0')] }],
    ['all addresses before', { ports: [port(80, '0.0.0.0')] }, { ports: [port(80)] }],
    ['UDP', { ports: [port(53, '127.0.0.1', 'udp')] }, { ports: [port(53, '127.0.0.1', 'udp')] }],
    ['the same address in a network', at('172.20.0.9'), at('172.20.0.9')],
  ])('%s', (_what, before, after) => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, one('old', before));
    expect(driver.state('p/old').kind).toBe('running');
    expect(driver.up(one('new', after)).ok).toBe(true);
    expect(driver.stepsOf('stop').map(({ id }) => id)).toEqual(['p/old']);
    expect(launchedAtOnce(driver)).toEqual([]);
    expect(stopped(driver, 'p/old')).toEqual(['p/new']);
  });

  test.each<[string, Partial<ContainerSpec>, Partial<ContainerSpec>]>([
    ['another port', { ports: [port(80)] }, { ports: [port(81)] }],
    ['another protocol', { ports: [port(53)] }, { ports: [port(53, '127.0.0.1', 'udp')] }],
    ['another address of the host', { ports: [port(80, '127.0.0.2')] }, { ports: [port(80)] }],
    ['a port of the engine’s choice', { ports: [port(80)] }, { ports: [{ ...port(80), host: null }] }],
  ])('and for nothing else: %s', (_what, before, after) => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, one('old', before));
    driver.up(one('new', after));
    expect(launchedAtOnce(driver)).toEqual(['p/new']);
  });

  test('two services that swap their ports, and a port that moves on to the next', () => {
    const ports = (a: number, b: number, hash: string) =>
      project('p', { a: eager(`a${hash}`, { ports: [port(a)] }), b: eager(`b${hash}`, { ports: [port(b)] }) });
    const driver = new Driver(policy(1_000)).boot();
    running(driver, ports(1, 2, ''));
    driver.up(ports(2, 1, '2'));
    expect(driver.stepsOf('stop').map(({ id }) => id)).toEqual(['p/a', 'p/b']);
    expect(stopped(driver, 'p/a')).toEqual([]); // b has not let go of its own
    expect(stopped(driver, 'p/b').sort()).toEqual(['p/a', 'p/b']);
  });

  test('a project that is being taken down, for one with its port; one that stays is no reason to wait', () => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, project('q', { web: eager('h', { ports: [port(80)] }) }));
    driver.act({ kind: 'down', project: 'q', volumes: false });
    driver.up(one('web', { ports: [port(80)] }));
    expect(launchedAtOnce(driver)).toEqual([]);
    expect(stopped(driver, 'q/web')).toEqual(['p/web']);

    const other = new Driver(policy(1_000)).boot();
    running(other, project('q', { web: eager('h', { ports: [port(80)] }) }));
    other.up(one('web', { ports: [port(80)] }));
    expect(launchedAtOnce(other)).toEqual(['p/web']); // and the engine says whose it is
  });

  test('one that cannot be stopped keeps nobody waiting', () => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, one('old', { ports: [port(80)] }));
    driver.up(one('new', { ports: [port(80)] }));
    expect(launchedAtOnce(driver)).toEqual([]);
    const failure = { code: 'engine-error', message: 'no', details: {}, remedies: ['x'] } as const;
    driver.send({ kind: 'stopFailed', id: 'p/old', container: entryOf(driver, 'p/old')?.container ?? '', failure });
    expect(driver.stepsOf('launch').map(({ id }) => id)).toEqual(['p/new']);
  });
});

describe('the daemon listens when whose port it was has stopped', () => {
  const sleeper = (container: Partial<ContainerSpec>): Sketch => ({
    start: 'on-demand',
    configHash: 's',
    container: containerSpec(container),
  });

  test('an eager service becomes a sleeper under another name', () => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, project('p', { old: eager('h', { ports: [port(80)] }) }));
    driver.up(project('p', { new: sleeper({ ports: [port(80)] }) }));
    expect(driver.stepsOf('openListeners')).toEqual([]);
    stopped(driver, 'p/old');
    expect(driver.stepsOf('openListeners')).toHaveLength(1);
  });

  test('a port that was another project’s is opened when that one is gone, and its service is asleep, not failed', () => {
    const driver = new Driver(policy(1_000)).boot();
    running(driver, project('q', { web: eager('h', { ports: [port(80)] }) }));
    driver.up(project('p', { web: sleeper({ ports: [port(80)] }) }));
    const [step] = driver.stepsOf('openListeners');
    const failure = { code: 'port-taken', message: 'taken', details: {}, remedies: ['x'] } as const;
    const opened = { kind: 'listenersOpened', project: 'p', gateways: [], served: [] } as const;
    driver.send({ ...opened, serial: step?.serial ?? 0, failures: [{ id: 'p/web', failure }] });
    expect(driver.state('p/web').kind).toBe('failed');
    driver.act({ kind: 'down', project: 'q', volumes: false });
    stopped(driver, 'q/web');
    const [again] = driver.stepsOf('openListeners');
    driver.send({ ...opened, serial: again?.serial ?? 0, failures: [] });
    expect(driver.state('p/web').kind).toBe('asleep');
  });
});
