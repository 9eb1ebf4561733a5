import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bridgeTo, deviceTo, routesLoopback } from '../../daemon/redirects/routes.js';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const line = (...columns: string[]): string => `${columns.join('\t')}\t0\t0\t0  \n`;
/** As Linux 6.18 prints it with Docker's bridge, a project's bridge and Podman's. */
const TABLE =
  HEAD +
  line('eth0', '00000000', '010200C0', '0003', '0', '0', '0', '00000000') +
  line('podman0', '0000580A', '00000000', '0001', '0', '0', '0', '0000FFFF') +
  line('docker0', '000011AC', '00000000', '0001', '0', '0', '0', '0000FFFF') +
  line('br-b8a96111fe89', '000012AC', '00000000', '0001', '0', '0', '0', '0000FFFF') +
  line('eth0', '000200C0', '00000000', '0001', '0', '0', '0', '00FFFFFF');

test.each([
  ['a container of a project', '172.18.0.2', 'br-b8a96111fe89'],
  ['the last address of its network', '172.18.255.254', 'br-b8a96111fe89'],
  ['Docker’s own network', '172.17.0.9', 'docker0'],
  ['Podman’s', '10.88.3.4', 'podman0'],
  ['the network of this machine', '192.0.2.77', 'eth0'],
  ['only by the gateway: Docker Desktop, another machine', '172.19.0.2', null],
  ['IPv6', 'fd00::2', null],
  ['a name', 'postgres', null],
  ['nothing', '', null],
])('%s: %s is behind %s', (_name, address, device) => {
  expect(deviceTo(address, TABLE)).toBe(device);
});

test('the longest prefix decides, in any order; a host route and one above 128.0.0.0 too', () => {
  const vpn = line('tun0', '000012AC', '0100000A', '0003', '0', '0', '0', '0000F0FF');
  expect(deviceTo('172.18.0.2', TABLE + vpn)).toBe('br-b8a96111fe89');
  expect(deviceTo('172.18.0.2', `${HEAD}${vpn}${TABLE.slice(HEAD.length)}`)).toBe('br-b8a96111fe89');
  const host = line('tun0', '020012AC', '0100000A', '0007', '0', '0', '0', 'FFFFFFFF');
  expect(deviceTo('172.18.0.2', TABLE + host)).toBeNull();
  expect(deviceTo('203.0.113.9', HEAD + line('br0', '007100CB', '00000000', '0001', '0', '0', '0', '00FFFFFF'))).toBe('br0');
});

test('a route that is down, a device with an odd name, and an empty table lead nowhere', () => {
  expect(deviceTo('10.1.0.2', HEAD + line('br0', '0000010A', '00000000', '0000', '0', '0', '0', '0000FFFF'))).toBeNull();
  expect(deviceTo('10.1.0.2', HEAD + line('br";x', '0000010A', '00000000', '0001', '0', '0', '0', '0000FFFF'))).toBeNull();
  expect(deviceTo('10.1.0.2', HEAD + line('br*', '0000010A', '00000000', '0001', '0', '0', '0', '0000FFFF'))).toBeNull();
  expect(deviceTo('10.1.0.2', '')).toBeNull();
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'routes-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('only a bridge of this machine counts: another interface with that network may lead to somebody else', () => {
  put('/proc/net/route', TABLE);
  put('/sys/class/net/docker0/bridge/bridge_id', '8000');
  put('/sys/class/net/eth0/mtu', '1500');
  expect(bridgeTo('172.17.0.2', root)).toBe('docker0');
  expect(bridgeTo('192.0.2.77', root)).toBeNull();
  expect(bridgeTo('172.18.0.2', root)).toBeNull();
  expect(bridgeTo('172.17.0.2', join(root, 'nowhere'))).toBeNull();
});

test('whether a bridge lets loopback addresses through', () => {
  put('/proc/sys/net/ipv4/conf/docker0/route_localnet', '0\n');
  put('/proc/sys/net/ipv4/conf/podman0/route_localnet', '1\n');
  expect(['docker0', 'podman0', 'gone'].map(bridge => routesLoopback(bridge, root))).toEqual([false, true, null]);
});
