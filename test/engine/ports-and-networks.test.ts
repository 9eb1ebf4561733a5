import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sameDefinition } from '../../daemon/engine/networks/ensure-network.js';
import { findOverlap } from '../../daemon/engine/networks/network-clash.js';
import { listeningPorts, portOwner } from '../../daemon/engine/published/port-owner.js';
import { portTaken } from '../../daemon/engine/published/port-taken.js';
import { failure } from '../../daemon/shared/failure.js';

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(proc, 'net'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

const row = (address: string, state: string, uid: number, inode: number) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
function table(name: string, ...rows: string[]): void {
  writeFileSync(join(proc, 'net', name), `  sl  local_address rem_address   st …\n${rows.join('')}`);
}
function processWith(pid: number, comm: string, inode: number): void {
  mkdirSync(join(proc, String(pid), 'fd'), { recursive: true });
  writeFileSync(join(proc, String(pid), 'comm'), `${comm}\n`);
  symlinkSync(`socket:[${inode}]`, join(proc, String(pid), 'fd', '3'));
}

describe('portOwner', () => {
  test('the listener on the address, with name and PID', () => {
    table('tcp', row('0100007F:1F90', '01', 5, 7), row('0100007F:1F90', '0A', 1000, 42));
    processWith(314, 'nginx', 42);
    expect(portOwner('127.0.0.1', 8080, 'tcp', proc)).toEqual({ pid: 314, name: 'nginx', uid: 1000 });
    expect(portOwner('127.0.0.2', 8080, 'tcp', proc)).toBeNull();
    expect(portOwner('127.0.0.1', 8081, 'tcp', proc)).toBeNull();
  });

  test('a wildcard on either side collides; an IPv6 wildcard too', () => {
    table('tcp', row('0100007F:1F90', '0A', 0, 1));
    table('tcp6', row(`${'0'.repeat(32)}:1F91`, '0A', 0, 2));
    expect(portOwner('0.0.0.0', 8080, 'tcp', proc)).not.toBeNull();
    expect(portOwner('127.0.0.1', 8081, 'tcp', proc)).not.toBeNull();
  });

  test('UDP has its own tables and state', () => {
    table('udp', row('00000000:0035', '07', 101, 9));
    expect(portOwner('127.0.0.1', 53, 'udp', proc)).toEqual({ pid: null, name: null, uid: 101 });
    expect(portOwner('127.0.0.1', 53, 'tcp', proc)).toBeNull();
  });

  test('this very process on the real /proc', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(portOwner('127.0.0.1', port)).toMatchObject({ pid: process.pid, uid: process.getuid?.() });
    server.close();
  });
});

describe('portTaken', () => {
  const found = failure('port-taken', 'x', { what: 'start' });
  test.each([
    [
      { container: 'shop-db-1', project: 'shop' },
      { pid: 9, name: 'docker-proxy', uid: 0 },
      '127.0.0.1:80 is taken by container shop-db-1 of project shop, through docker-proxy (PID 9)',
    ],
    [null, { pid: 9, name: 'nginx', uid: 0 }, '127.0.0.1:80 is taken by nginx (PID 9)'],
    [null, { pid: null, name: null, uid: 33 }, '127.0.0.1:80 is taken by a process of user 33'],
  ])('%o %o', (publisher, owner, message) => {
    expect(portTaken('127.0.0.1', 80, publisher, owner, found.details)).toMatchObject({
      code: 'port-taken',
      message,
      details: { what: 'start', port: 80 },
    });
  });

  test('nobody to be seen', () => {
    expect(portTaken('', 80, null, null, found.details).message).toMatch(/^port 80 is taken by another process, which cannot be seen/);
  });
});

test.each([
  ['10.1.0.0/16', '10.1.5.0/24', true],
  ['10.1.5.0/24', '10.1.0.0/16', true],
  ['10.1.0.0/16', '10.2.0.0/16', false],
  ['fd00::/64', 'fd00::/80', true],
  ['fd00::/64', '10.1.0.0/16', false],
  ['nonsense', '10.1.0.0/16', false],
])('%s overlaps %s: %s', (ours, theirs, expected) => {
  expect(findOverlap([ours], [{ name: 'n', subnets: [theirs] }]) !== null).toBe(expected);
});

describe('sameDefinition', () => {
  const spec = { key: 'n', name: 'n', external: false, driver: null, internal: false, subnets: [], options: {}, labels: {} };
  const found = { Driver: 'bridge', Internal: false, IPAM: { Config: [{ Subnet: '10.1.0.0/16' }] } };
  test.each([
    ['nothing said', {}, true],
    ['same driver', { driver: 'bridge' }, true],
    ['another driver', { driver: 'macvlan' }, false],
    ['internal', { internal: true }, false],
    ['same subnet', { subnets: ['10.1.0.0/16'] }, true],
    ['another subnet', { subnets: ['10.2.0.0/16'] }, false],
  ])('%s', (_name, over, expected) => {
    expect(sameDefinition(found, { ...spec, ...over })).toBe(expected);
  });
});

test('the ports at which others reach a container: not its own loopback, not what is connected', () => {
  const files = join(proc, '7', 'net');
  mkdirSync(files, { recursive: true });
  const head = '  sl  local_address\n';
  const v4 = [
    row('00000000:1F90', '0A', 0, 1),
    row('0100007F:0CEA', '0A', 0, 2),
    row('0B00007F:A001', '0A', 0, 3),
    row('020012AC:0050', '01', 0, 4),
  ];
  const v6 = [
    row('00000000000000000000000000000000:0401', '0A', 0, 5),
    row('00000000000000000000000001000000:0402', '0A', 0, 6),
    row('0000000000000000FFFF00000100007F:0403', '0A', 0, 7),
  ];
  writeFileSync(join(files, 'tcp'), head + v4.join(''));
  writeFileSync(join(files, 'tcp6'), head + v6.join(''));
  expect(listeningPorts(7, proc)).toEqual([1025, 8080]);
  expect(listeningPorts(8, proc)).toEqual([]);
});
