import { describe, expect, test } from 'vitest';
import { addressFault, requestedSubnets } from '../../daemon/model/addressing.js';
import type { NetworkSpec } from '../../daemon/model/spec.js';
import { type Gateway, gatewayPlacesOf, type ListenerState, wantedListeners, wiringOf } from '../../daemon/scheduler/state/wiring.js';
import { formatBlock, freePart, holds, overlaps, parseBlock } from '../../daemon/shared/cidr.js';
import { containerSpec, defaultNetwork } from '../scheduler/specs.js';
import { Driver } from '../scheduler/support/driver.js';
import { policy, project, service } from '../scheduler/support/specs.js';

const block = (text: string) => {
  const found = parseBlock(text);
  if (!found) throw new Error(`${text} is no block`);
  return found;
};
const lan = (more: Partial<NetworkSpec>): NetworkSpec => ({ ...defaultNetwork('p'), key: 'lan', ...more });
const at = (ipv4: string | null, ipv6: string | null = null, network = 'lan') =>
  containerSpec({ networks: [{ network, aliases: [], ipv4, ipv6 }], expose: ['80'] });

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['fd00::1/64', 'fd00:0:0:0:0:0:0:0/64'],
  ['::ffff:1.2.3.4', '0:0:0:0:0:ffff:102:304'],
  ['::', '0:0:0:0:0:0:0:0'],
])('%s is %s', (text, written) => expect(formatBlock(block(text))).toBe(written));

test.each(['', '10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::1::2', 'fd00:1', 'x', '1.2.3.4/', 'fd00::/129'])(
  '%s is none',
  text => expect(parseBlock(text)).toBeNull(),
);

test('what holds and overlaps what', () => {
  expect(holds(block('10.0.0.0/8'), block('10.9.0.0/16'))).toBe(true);
  expect(holds(block('10.9.0.0/16'), block('10.0.0.0/8'))).toBe(false);
  expect(overlaps(block('10.9.0.0/16'), block('10.0.0.0/8'))).toBe(true);
  expect(overlaps(block('10.9.0.0/16'), block('10.10.0.0/16'))).toBe(false);
  expect(overlaps(block('0.0.0.0/0'), block('::/0'))).toBe(false);
});

test.each([
  ['10.0.0.0/24', ['10.0.0.2'], '10.0.0.128/25'],
  ['10.0.0.0/24', ['10.0.0.2', '10.0.0.200'], '10.0.0.128/26'],
  ['10.0.0.0/24', ['10.1.0.2'], '10.0.0.0/24'],
  ['10.0.0.0/29', ['10.0.0.2'], '10.0.0.4/30'],
  ['10.0.0.0/30', ['10.0.0.2'], null],
  ['fd00::/64', ['fd00::2'], 'fd00:0:0:0:8000:0:0:0/65'],
] as const)('of %s, with %s taken, %s is free', (whole, taken, free) => {
  const part = freePart(block(whole), taken.map(block));
  expect(part && formatBlock(part)).toBe(free);
});

describe('the subnets that the engine is asked for', () => {
  test('with reserved addresses kept out of what is handed out, and the gateway where it would have been', () => {
    expect(requestedSubnets(lan({}))).toEqual([]);
    expect(requestedSubnets(lan({ subnets: ['10.1.0.0/24'] }))).toEqual([{ subnet: '10.1.0.0/24', range: null, gateway: null, aux: {} }]);
    const wish = (reserved: readonly string[], more: Partial<NetworkSpec> = {}) =>
      requestedSubnets(lan({ subnets: ['10.1.0.0/24'], reserved, ...more }))[0];
    expect(wish(['10.1.0.2'])).toMatchObject({ range: '10.1.0.128/25', gateway: '10.1.0.1' });
    expect(wish(['10.1.0.1', '10.1.0.2'])).toMatchObject({ gateway: '10.1.0.3' });
    expect(wish(['fd00::2'])).toMatchObject({ range: null, gateway: null });
    const range = { subnet: '10.1.0.0/24', range: '10.1.0.128/25', gateway: '10.1.0.254', aux: { a: '10.1.0.3' } };
    expect(wish(['10.1.0.2'], { ranges: [range] })).toEqual(range); // outside the range already
    expect(wish(['10.1.0.130'], { ranges: [range] })).toEqual({ ...range, range: '10.1.0.192/26' });
  });
});

describe('addresses that services cannot have', () => {
  const fault = (addresses: Readonly<Record<string, string>>, more: Partial<NetworkSpec> = {}, names = Object.keys(addresses)) => {
    const of = (address: string) => (address.includes(':') ? at(null, address) : at(address));
    const spec = project('p', Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, { container: of(address) }])));
    return addressFault({ ...spec, networks: [lan({ subnets: ['10.1.0.0/24', 'fd00::/64'], ...more })] }, new Set(names))?.message ?? null;
  };
  test.each([
    [{ a: '10.1.0.2', b: '10.1.0.2' }, '10.1.0.2 of b is the address of a in network lan too.'],
    [{ a: 'fd00::2', b: 'fd00:0::2' }, 'fd00:0::2 of b is the address of a in network lan too.'],
    [{ a: '10.2.0.2' }, '10.2.0.2 of a is not in network lan (10.1.0.0/24).'],
    [{ a: '10.1.0.9' }, '10.1.0.9 of a is taken in network lan by its gateway.'],
    [{ a: '10.1.0.8' }, '10.1.0.8 of a is taken in network lan by router.'],
    [{ a: '10.1.0.2', b: '10.1.0.3', c: 'fd00::2' }, null],
  ])('%o: %s', (addresses, message) => {
    const ranges = [{ subnet: '10.1.0.0/24', range: null, gateway: '10.1.0.9', aux: { router: '10.1.0.8' } }];
    expect(fault(addresses, { ranges })).toBe(message);
  });

  test('two of which one is not wanted are no mistake; up says it of those that are', () => {
    expect(fault({ a: '10.1.0.2', b: '10.1.0.2' }, {}, ['a'])).toBeNull();
    const spec = project('p', { a: { start: 'eager', container: at('10.1.0.2') }, b: { start: 'eager', container: at('10.1.0.2') } });
    const answer = new Driver(policy(1_000)).boot().up({ ...spec, networks: [lan({ subnets: ['10.1.0.0/24'] })] });
    expect(answer).toMatchObject({ ok: false, failure: { code: 'config-invalid', details: { service: 'b', address: '10.1.0.2' } } });
  });
});

describe('services with one port in a network', () => {
  const sleeper = (name: string, networks: readonly string[], port: string) =>
    service('p', name, {
      start: 'on-demand',
      container: containerSpec({ networks: networks.map(network => ({ network, aliases: [], ipv4: null, ipv6: null })), expose: [port] }),
    });

  test('each has a place of its own; none in an internal network beyond its gateway, and not more than there are', () => {
    const places = (...specs: ReturnType<typeof sleeper>[]) => Object.fromEntries(gatewayPlacesOf(specs, new Set(['closed'])));
    const three = ['a', 'b', 'c'].map(name => sleeper(name, ['lan'], '27017'));
    expect(places(...three)).toEqual({ a: 0, b: 1, c: 2 });
    expect(places(sleeper('a', ['lan'], '80'), sleeper('b', ['lan'], '81'), sleeper('c', ['other'], '80'))).toEqual({ a: 0, b: 0, c: 0 });
    // A place beyond the gateway is the project's, not a network's.
    expect(places(sleeper('a', ['lan', 'other'], '80'), sleeper('b', ['lan'], '80'), sleeper('c', ['other'], '80'))).toEqual({
      a: 0,
      b: 1,
      c: 2,
    });
    expect(places(sleeper('a', ['closed'], '80'), sleeper('b', ['closed'], '80'))).toEqual({ a: 0, b: null });
    const many = Array.from({ length: 18 }, (_, index) => sleeper(`s${index}`, ['lan'], '80'));
    expect(places(...many)).toMatchObject({ s16: 16, s17: null });
  });

  test('names lead to the place, and the daemon listens there; nobody is led to where nothing arrives', () => {
    const spec = project('p', {
      a: { start: 'on-demand', container: at(null) },
      b: { start: 'on-demand', container: at(null) },
      app: { start: 'eager', container: at(null) },
    });
    const driver = new Driver(policy(1_000)).boot();
    driver.up({ ...spec, networks: [lan({})] });
    const plain = { network: 'lan', address: '10.1.0.1', subnets: ['10.1.0.0/24'] };
    const gateways: Gateway[] = [plain, { ...plain, address: '10.9.0.1', only: ['b'] }];
    const listening = (list: readonly Gateway[]) =>
      wantedListeners(driver.world, 'p', list).map(listener => `${listener.service} ${listener.address}:${listener.port}`);
    expect(listening(gateways)).toEqual(['p/a 10.1.0.1:80', 'p/b 10.9.0.1:80']);
    expect(listening(gateways.map(each => ({ ...each, deaf: each.address === '10.9.0.1' })))).toEqual(['p/a 10.1.0.1:80']);
    const [, , app] = spec.services;
    const listeners: ListenerState = { kind: 'open', gateways, served: new Set(['a', 'b']), unserved: new Map(), missing: new Set() };
    expect(app && wiringOf(app, spec, listeners).hosts).toEqual(['a:10.1.0.1', 'b:10.9.0.1']);
  });
});
