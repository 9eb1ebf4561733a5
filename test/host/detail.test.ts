import { linkSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blockOfV1, blockOfV2, networkOf } from '../../daemon/host/traffic.js';
import { createUsage } from '../../daemon/host/usage.js';

const ID = 'f49d242ad5b6c11c73bb686d0c0f94e95259619166d991a6580301b6bfe3d891';
const NET = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999       9    0    0    0     0          0         0      999       9    0    0    0     0       0          0
  eth0:     486       5    0    0    0     0          0         0       70       1    0    0    0     0       0          0
  eth1:1000000000014      5    0    0    0     0          0         0       30       1    0    0    0     0       0          0
`;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'detail-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** Files below the fake root that this process holds open. */
function held(): number {
  const targets = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter(target => target.startsWith(root)).length;
}

const PSI = 'some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=3\n';

function v1(mounts = { pids: 'pids', blkio: 'blkio' }, block = 'blkio.throttle.io_service_bytes_recursive'): void {
  const rows = ['4:memory', '2:cpuacct', `3:${mounts.pids}`, `5:${mounts.blkio}`].map(row => `${row}:/docker/${ID}\n`);
  put('/proc/42/cgroup', `${rows.join('')}0::/docker/${ID}\n`);
  put('/proc/42/net/dev', NET);
  const file = (path: string, text: string) => put(`/sys/fs/cgroup/${path}`, text);
  file(`memory/docker/${ID}/memory.usage_in_bytes`, '5000\n');
  file(`memory/docker/${ID}/memory.stat`, 'total_inactive_file 2000\n');
  file(`cpuacct/docker/${ID}/cpuacct.usage`, '7\n');
  file(`${mounts.pids}/docker/${ID}/pids.current`, '12\n');
  file(`${mounts.blkio}/docker/${ID}/${block}`, '8:0 Read 100\n8:0 Write 200\n8:0 Sync 1\n8:0 Total 300\n7:0 Read 1\nTotal 301\n');
}

function v2(folder = ''): void {
  put('/proc/42/net/dev', NET);
  const file = (name: string, text: string) => put(`/sys/fs/cgroup/${folder}docker/${ID}/${name}`, text);
  file('memory.current', '5000\n');
  file('memory.stat', 'inactive_file 2000\n');
  file('cpu.stat', 'usage_usec 7\n');
  file('pids.current', '12\n');
  file('io.stat', '8:0 rbytes=100 wbytes=200 rios=3 wios=4 dbytes=9 dios=1\n7:0 rbytes=1 wbytes=0 rios=1 wios=0\n');
  file('memory.pressure', PSI);
}

const network = { netIn: 1_000_000_000_500, netOut: 100 };
const DETAIL = { pids: 12, ...network, blockIn: 101, blockOut: 200 };
const psi = { some10: 1.5, full10: 0.25 };

describe('the detail of a container', () => {
  test.each<[string, () => void, object]>([
    ['v1', () => v1(), { ...DETAIL, psi: null }],
    ['v1, controllers mounted under their own names alone', () => v1({ pids: 'pids,rdma', blkio: 'blkio,io' }), { ...DETAIL, psi: null }],
    ['v1 before 4.17', () => v1(undefined, 'blkio.throttle.io_service_bytes'), { ...DETAIL, psi: null }],
    [
      'v2',
      () => {
        put('/proc/42/cgroup', `0::/docker/${ID}\n`);
        v2();
      },
      { ...DETAIL, psi },
    ],
    [
      'hybrid: pressure is v2’s also where the controllers are v1’s',
      () => {
        v1();
        put('/sys/fs/cgroup/unified/cgroup.controllers', '\n');
        put(`/sys/fs/cgroup/unified/docker/${ID}/memory.pressure`, PSI);
      },
      { ...DETAIL, psi },
    ],
    [
      'hybrid: all but memory and CPU in v2',
      () => {
        v1();
        put('/proc/42/cgroup', `4:memory:/docker/${ID}\n2:cpuacct:/docker/${ID}\n0::/docker/${ID}\n`);
        put('/sys/fs/cgroup/unified/cgroup.controllers', 'pids io\n');
        v2('unified/');
      },
      { ...DETAIL, psi },
    ],
  ])('%s', (_name, plant, expected) => {
    plant();
    const usage = createUsage({ root });
    expect(usage.sample(ID, 42)?.detail).toBeNull();
    expect(usage.sample(ID, 42, true)?.detail).toEqual(expected);
    usage.forget(ID);
    expect(held()).toBe(0);
  });

  test('is opened when it is asked for, once', () => {
    v1();
    const usage = createUsage({ root });
    usage.sample(ID, 42);
    const before = held();
    usage.sample(ID, 42, true);
    expect(held()).toBe(before + 3);
    put('/proc/42/net/dev', NET.replace('486', '500'));
    put(`/sys/fs/cgroup/pids/docker/${ID}/pids.current`, '13\n');
    expect(usage.sample(ID, 42, true)?.detail).toMatchObject({ pids: 13, netIn: network.netIn + 14 });
    expect(held()).toBe(before + 3);
    usage.forget(ID);
    expect(held()).toBe(0);
  });

  test('what cannot be read is null, each by itself', () => {
    v1();
    for (const path of ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/blkio', '/proc/42/net'])
      rmSync(join(root, path), { recursive: true, force: true });
    const none = { pids: null, netIn: null, netOut: null, blockIn: null, blockOut: null, psi: null };
    expect(createUsage({ root }).sample(ID, 42, true)).toMatchObject({ workingSet: 3000, detail: none });
  });

  test('the PID is another process by the time that it is asked for: no sample, and nothing stays open', () => {
    v1();
    const usage = createUsage({ root });
    usage.sample(ID, 42);
    put('/proc/42/cgroup', `0::/docker/${'0'.repeat(64)}\n`);
    expect(usage.sample(ID, 42, true)).toBeNull();
    expect(held()).toBe(0);
  });

  test('with the network of this machine, traffic is not its own', () => {
    v1();
    put('/proc/self/net/dev', NET);
    rmSync(join(root, '/proc/42/net/dev'));
    linkSync(join(root, '/proc/self/net/dev'), join(root, '/proc/42/net/dev'));
    expect(createUsage({ root }).sample(ID, 42, true)?.detail).toMatchObject({ pids: 12, netIn: null, netOut: null });
  });
});

describe('texts', () => {
  test.each<[string, ReturnType<typeof networkOf>]>([
    ['', null],
    ['Inter-|   Receive\n face |bytes\n', null],
    [NET, { in: 1_000_000_000_500, out: 100 }],
    ['a\nb\n    lo: 1 0 0 0 0 0 0 0 1 0\n', { in: 0, out: 0 }],
    ['eth0: 5 0 0 0 0 0 0 0 6 0', { in: 5, out: 6 }],
    ['eth0: x', null],
  ])('net/dev %j', (text, expected) => {
    expect(networkOf(text)).toEqual(expected);
  });

  test.each<[typeof blockOfV1, string, object]>([
    [blockOfV1, 'Total 0\n', { in: 0, out: 0 }],
    [blockOfV1, '', { in: 0, out: 0 }],
    [blockOfV1, '254:0 Read 4096\n254:0 Write 0\n254:0 Discard 9\n', { in: 4096, out: 0 }],
    [blockOfV2, '', { in: 0, out: 0 }],
    [blockOfV2, '8:0 \n', { in: 0, out: 0 }],
    [blockOfV2, '8:0 rbytes=1 wbytes=2 rios=1 wios=1 dbytes=70 dios=1\n8:16 wbytes=3 rbytes=4\n', { in: 5, out: 5 }],
  ])('block I/O %o %j', (parse, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });
});
