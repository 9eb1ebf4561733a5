import { expect, test } from 'vitest';
import { mapGateway } from '../../daemon/engine/networks/gateways.js';
import { chooseSubnet, routesIn, USUAL_POOLS } from '../../daemon/engine/networks/own-subnet.js';

const choose = (name: string, taken: readonly string[] = [], routes: readonly string[] = [], pools = USUAL_POOLS) =>
  chooseSubnet(name, pools, taken, routes)?.subnet ?? null;

test('the same name gets the same subnet while that is free, with its first address for the gateway', () => {
  const first = chooseSubnet('shop_default', USUAL_POOLS, [], []);
  expect(first?.subnet).toMatch(/^10\.187\.\d+\.0\/24$/);
  expect(first?.gateway).toBe(first?.subnet.replace('.0/24', '.1'));
  expect(choose('shop_default')).toBe(first?.subnet);
  expect(choose('shop_default', [first?.subnet ?? ''])).not.toBe(first?.subnet);
});

test('each name gets a subnet of its own, and those that are left are found', () => {
  const taken: string[] = [];
  const pools = ['10.200.0.0/20', '10.201.0.0/22'];
  for (let index = 0; index < 64 + 32; index += 1) taken.push(choose(`p${index}`, taken, [], pools) ?? 'none');
  expect(new Set(taken).size).toBe(96);
  expect(taken).not.toContain('none');
  expect(choose('one more', taken, [], pools)).toBeNull();
});

test.each([
  ['a VPN for 10.0.0.0/8', ['10.0.0.0/8'], /^172\.30\./],
  ['two blocks', ['10.0.0.0/8', '172.16.0.0/12'], /^192\.168\.2\d\d\./],
  [
    'all private blocks: narrow routes are still avoided',
    ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '10.187.0.0/17', '10.187.128.0/17'],
    /^172\.30\./,
  ],
  ['the whole internet, in whatever halves', ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/7'], /^10\.187\./],
  ['a network of the host in the pool', ['10.187.0.0/17'], /^10\.187\.(1(2[89]|[3-9]\d)|2\d\d)\./],
])('%s', (_what, routes, subnet) => {
  for (const name of ['a', 'b', 'c']) expect(choose(name, [], routes)).toMatch(subnet);
});

test('networks of the engine are never overlapped, however wide', () => {
  expect(choose('a', ['10.0.0.0/8'])).toMatch(/^172\.30\./);
  expect(choose('a', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])).toBeNull();
  expect(choose('a', ['fd00::/8'])).toMatch(/^10\.187\./);
  expect(choose('a', [], [], ['10.200.0.0/20'])).toMatch(/^10\.200\.\d+\.\d+\/26$/);
});

test('routes of all tables of the host are read', () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.8.0.0/16 2 0 2
        |-- 10.8.0.0
           /16 link UNICAST
           /32 host LOCAL
        |-- 10.8.255.255
           /32 link BROADCAST
Id 52:
  +-- 100.64.0.0/10 2 0 2
     |-- 100.64.0.0
        /10 universe UNICAST
`;
  expect(routesIn(trie)).toEqual(['0.0.0.0/0', '10.8.0.0/16', '10.8.0.0/32', '100.64.0.0/10']);
  expect(routesIn('')).toEqual([]);
});

test.each([
  ['as it is named', { IPAM: { Config: [{ Subnet: '10.1.0.0/24', Gateway: '10.1.0.254' }] } }, '10.1.0.254'],
  ['with a prefix', { IPAM: { Config: [{ Subnet: '10.1.0.0/24', Gateway: '10.1.0.1/24' }] } }, '10.1.0.1'],
  ['not named', { IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] } }, '10.1.0.1'],
  ['not named, in a range', { IPAM: { Config: [{ Subnet: '10.1.0.0/24', IPRange: '10.1.0.128/25' }] } }, '10.1.0.128'],
  [
    'not named, in a range from the start',
    { IPAM: { Config: [{ Subnet: '10.1.0.0/24', IPRange: '10.1.0.0/25', Gateway: '' }] } },
    '10.1.0.1',
  ],
  ['behind IPv6', { IPAM: { Config: [{ Subnet: 'fd00::/64', Gateway: 'fd00::1' }, { Subnet: '10.1.0.0/24' }] } }, '10.1.0.1'],
  ['of another driver', { Driver: 'macvlan', IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] } }, undefined],
  ['none', { IPAM: { Config: [{ Subnet: 'fd00::/64' }] } }, undefined],
])('a gateway %s', (_what, seen, address) => expect(mapGateway('n', seen)[0]?.address).toBe(address));
