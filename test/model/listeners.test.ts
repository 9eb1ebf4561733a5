import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canSleep, innerPorts, listenersOf, whyAwake } from '../../daemon/model/listeners.js';
import { type ContainerSpec, PLAIN_ACTIVATION, type PortSpec, type ServiceSpec } from '../../daemon/model/spec.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';

const tcp = (host: number | null, container: number, hostIp = '127.0.0.1'): PortSpec => ({ hostIp, host, container, protocol: 'tcp' });
const udp = (host: number | null, container: number): PortSpec => ({ hostIp: '127.0.0.1', host, container, protocol: 'udp' });
const asked = (container: Partial<ContainerSpec>, over: Partial<ServiceSpec> = {}) =>
  serviceSpec({ start: 'on-demand', container: containerSpec(container), ...over });
const web = { ports: [tcp(8080, 80)] };

describe('a service sleeps', () => {
  it.each<[string, Partial<ServiceSpec>]>([
    ['on demand', { start: 'on-demand' }],
    ['with an idle time', { start: 'eager', idle: 60_000 }],
    ['with an idle time, once it was named', { start: 'manual', idle: 60_000 }],
    ['frozen and never stopped', { start: 'eager', activation: { ...PLAIN_ACTIVATION, freezeAfter: 60_000 } }],
  ])('%s', (_what, over) => {
    const spec = asked(web, over);
    expect([canSleep(spec), whyAwake(spec)]).toEqual([true, null]);
    expect(listenersOf(spec)).toEqual([{ hostIp: '127.0.0.1', port: 8080, containerPort: 80 }]);
  });

  it.each<[string, Partial<ServiceSpec>]>([
    ['a TCP port of any host port', { container: containerSpec({ ports: [tcp(null, 80)] }) }],
    ['what it exposes', { container: containerSpec({ expose: ['3000'] }) }],
    ["its protocol's own port", { protocol: 'redis' }],
  ])('without a listener, for others in its networks, by %s', (_what, over) => {
    const spec = serviceSpec({ start: 'on-demand', ...over });
    expect([canSleep(spec), whyAwake(spec), listenersOf(spec)]).toEqual([true, null, []]);
  });
});

describe('a service stays awake', () => {
  it.each<[string, Partial<ServiceSpec>]>([
    ['eager', { start: 'eager' }],
    ['manual', { start: 'manual' }],
  ])('unasked, %s and without an idle time', (_what, over) => {
    const spec = asked(web, over);
    expect([canSleep(spec), whyAwake(spec), listenersOf(spec)]).toEqual([false, null, []]);
  });

  it.each<[string, Partial<ServiceSpec>, string]>([
    ['without a container', { container: null }, 'its definition is not known: it was found by its labels'],
    ...['host', 'none', 'service:db', 'container:x'].map((networkMode): [string, Partial<ServiceSpec>, string] => [
      `with network_mode: ${networkMode}`,
      { container: containerSpec({ ...web, networkMode }) },
      `has network_mode: ${networkMode}: the daemon cannot listen in its place`,
    ]),
    [
      'with a UDP port beside a TCP port',
      { container: containerSpec({ ports: [tcp(53, 53), udp(5353, 53)] }) },
      'publishes 5353/udp: a datagram cannot wake it',
    ],
    [
      'with a UDP port of any host port',
      { container: containerSpec({ ports: [udp(null, 53)] }) },
      'publishes 53/udp: a datagram cannot wake it',
    ],
    ['with UDP for others', { container: containerSpec({ ...web, expose: ['53/udp'] }) }, 'exposes 53/udp: a datagram cannot wake it'],
    ['without any port', {}, 'has no TCP port (ports, expose): no connection can wake it'],
  ])('though asked, %s', (_what, over, why) => {
    for (const spec of [serviceSpec({ start: 'on-demand', ...over }), serviceSpec({ idle: 1000, ...over })]) {
      expect([canSleep(spec), listenersOf(spec), whyAwake(spec)]).toEqual([false, [], why]);
    }
  });
});

describe('the listeners', () => {
  it('are the TCP ports with a host port, each address by itself', () => {
    const spec = asked({ ports: [tcp(8080, 80), tcp(null, 81), tcp(8080, 80, '10.0.0.1'), tcp(8443, 443, '0.0.0.0')] });
    expect(listenersOf(spec)).toEqual([
      { hostIp: '127.0.0.1', port: 8080, containerPort: 80 },
      { hostIp: '10.0.0.1', port: 8080, containerPort: 80 },
      { hostIp: '0.0.0.0', port: 8443, containerPort: 443 },
    ]);
  });
});

describe('the inner ports', () => {
  const inner = (container: Partial<ContainerSpec>, over: Partial<ServiceSpec> = {}) =>
    innerPorts(serviceSpec({ container: containerSpec(container), ...over }));

  it('are ports, expose and the one of the protocol, each once', () => {
    const container = { ports: [tcp(5433, 5432), tcp(null, 80), udp(53, 53)], expose: ['80', '8000-8002', '9000/tcp', '53/udp', '7/sctp'] };
    expect(inner(container)).toEqual([5432, 80, 8000, 8001, 8002, 9000]);
    expect(inner({}, { protocol: 'postgres' })).toEqual([5432]);
    expect(inner({}, { protocol: 'redis' })).toEqual([6379]);
    expect(inner({}, { protocol: 'http' })).toEqual([]);
  });

  it('are none outside the networks of the project', () => {
    expect(inner({ ...web, networkMode: 'host' })).toEqual([]);
    expect(innerPorts(serviceSpec({ container: null, protocol: 'postgres' }))).toEqual([]);
  });

  it('of a range have a bound, and only such as exist', () => {
    expect(inner({ expose: ['1-65535'] })).toHaveLength(1000);
    expect(inner({ expose: ['9-3', '0', '70000', 'x'] })).toEqual([]);
  });
});

it('one rule: a service that is asked sleeps or says why not, and only one that sleeps has listeners', () => {
  const port = fc.record({
    hostIp: fc.constantFrom('127.0.0.1', '0.0.0.0'),
    host: fc.option(fc.integer({ min: 1, max: 65_535 })),
    container: fc.integer({ min: 1, max: 65_535 }),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  });
  const container = fc.record({
    ports: fc.array(port, { maxLength: 3 }),
    expose: fc.array(fc.constantFrom('80', '53/udp', '1-3'), { maxLength: 2 }),
    networkMode: fc.option(fc.constantFrom('host', 'none')),
  });
  const spec = fc.record({
    start: fc.constantFrom('eager' as const, 'on-demand' as const, 'manual' as const),
    idle: fc.option(fc.constant(1000)),
    protocol: fc.constantFrom('tcp' as const, 'postgres' as const),
    container: fc.option(container.map(containerSpec)),
  });
  fc.assert(
    fc.property(spec.map(serviceSpec), service => {
      const isAsked = service.start === 'on-demand' || service.idle !== null;
      expect(canSleep(service)).toBe(isAsked && whyAwake(service) === null);
      if (!isAsked) expect(whyAwake(service)).toBeNull();
      if (!canSleep(service)) expect(listenersOf(service)).toEqual([]);
      if (canSleep(service))
        expect(innerPorts(service)).toEqual(expect.arrayContaining(listenersOf(service).map(listener => listener.containerPort)));
    }),
  );
});
