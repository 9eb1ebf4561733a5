import { describe, expect, it } from 'vitest';
import { isCertain, speechOf } from '../../daemon/model/protocols.js';
import { type Activation, PLAIN_ACTIVATION, type PortSpec, type Protocol } from '../../daemon/model/spec.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';
import { Driver } from '../scheduler/support/driver.js';
import { sleeping, wake } from '../scheduler/support/sleepy.js';
import { policy, project } from '../scheduler/support/specs.js';

const port = (container: number): PortSpec => ({ hostIp: '127.0.0.1', host: container, container, protocol: 'tcp' });
const spec = (
  protocol: Protocol,
  protocolFrom: Activation['protocolFrom'],
  ports: readonly number[],
  protocols: Activation['protocols'] = {},
) =>
  serviceSpec({
    protocol,
    activation: { ...PLAIN_ACTIVATION, protocolFrom, protocols },
    container: containerSpec({ ports: ports.map(port) }),
  });

describe('what a port speaks', () => {
  it.each<[string, ReturnType<typeof spec>, number, string]>([
    ['a web server with a mail server beside it: the web port', spec('http', 'port', [80, 25]), 80, 'http guessed'],
    ['the mail port', spec('http', 'port', [80, 25]), 25, 'tcp guessed'],
    ['a number that says nothing', spec('http', 'port', [80, 7001]), 7001, 'tcp guessed'],
    ['an image and its number', spec('postgres', 'image', [5432]), 5432, 'postgres known'],
    ['an image at another number', spec('redis', 'image', [7001]), 7001, 'redis guessed'],
    ['an image with a second port of another kind', spec('redis', 'image', [6379, 8001]), 8001, 'http guessed'],
    ['a web server with TLS beside it', spec('http', 'image', [80, 443]), 443, 'tls guessed'],
    ['what a person says of the only port', spec('redis', 'person', [3000]), 3000, 'redis written'],
    ['tcp, said of the service, for each port', spec('tcp', 'person', [80, 5432]), 5432, 'tcp written'],
    ['said of a service with several ports', spec('http', 'person', [8080, 2525]), 8080, 'http known'],
    ['the same at a registered number', spec('http', 'person', [8080, 2525]), 2525, 'tcp guessed'],
    ['said of one port', spec('http', 'image', [80, 2525], { 2525: 'tcp' }), 2525, 'tcp written'],
  ])('%s', (_what, service, number, expected) => {
    const { protocol, source } = speechOf(service, number);
    expect(`${protocol} ${source}`).toBe(expected);
  });

  it('gives way to what was seen, unless a person has written it', () => {
    expect(speechOf(spec('http', 'port', [4000]), 4000, 'tcp')).toEqual({ protocol: 'tcp', source: 'seen' });
    expect(speechOf(spec('http', 'image', [80]), 80, 'tls')).toEqual({ protocol: 'tls', source: 'seen' });
    expect(speechOf(spec('http', 'image', [80], { 80: 'http' }), 80, 'tls')).toEqual({ protocol: 'http', source: 'written' });
    expect(isCertain(speechOf(spec('http', 'port', [4000]), 4000))).toBe(false);
  });
});

describe('what is seen', () => {
  const guessed = { ...PLAIN_ACTIVATION, protocolFrom: 'port' as const };
  const db = {
    start: 'on-demand' as const,
    activation: guessed,
    protocol: 'http' as const,
    container: containerSpec({ ports: [port(4000)] }),
  };

  it('is remembered, told once, and forgotten with the definition', () => {
    const driver = sleeping(project('p', { db }));
    wake(driver, 'p/db');
    driver.send({ kind: 'spoke', id: 'p/db', port: 4000, protocol: 'tcp' });
    expect(driver.notices).toMatchObject([{ kind: 'heard', data: { port: 4000, protocol: 'tcp', inferred: 'http' } }]);
    expect(driver.world.services.get('p/db')?.spoken).toEqual({ 4000: 'tcp' });
    driver.send({ kind: 'spoke', id: 'p/db', port: 4000, protocol: 'tcp' });
    expect(driver.notices).toEqual([]);
    driver.up(project('p', { db: { ...db, configHash: 'another' } }));
    expect(driver.world.services.get('p/db')?.spoken).toEqual({});
  });

  it('is a port more for others in its networks: its listeners are opened anew, where there is a gateway', () => {
    const driver = new Driver(policy(1000));
    driver.boot();
    driver.gateways = [{ network: 'default', address: '172.18.0.1', subnets: ['172.18.0.0/16'] }];
    driver.served = ['db'];
    driver.up(project('p', { db }));
    driver.settle();
    driver.send({ kind: 'listens', id: 'p/db', container: null, ports: [1025, 4000] });
    expect(driver.kinds()).toEqual(['openListeners']);
    expect(driver.world.services.get('p/db')?.listens).toEqual([1025]);
    driver.settle();
    driver.send({ kind: 'listens', id: 'p/db', container: null, ports: [1025] });
    expect(driver.kinds()).toEqual([]);
    driver.send({ kind: 'listens', id: 'p/db', container: 'of before', ports: [1026] });
    expect(driver.world.services.get('p/db')?.listens).toEqual([1025]);
  });
});
