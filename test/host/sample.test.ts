import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHostMemory } from '../../daemon/host/host-memory.js';
import { createUsage } from '../../daemon/host/usage.js';

const ID = 'f49d242ad5b6c11c73bb686d0c0f94e95259619166d991a6580301b6bfe3d891';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sample-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** Files below the fake root that this process holds open. */
function held(): string[] {
  const targets = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter(target => target.startsWith(root));
}

function memoryV1(folder: string): void {
  put(`/sys/fs/cgroup/${folder}/memory.usage_in_bytes`, '5000\n');
  put(`/sys/fs/cgroup/${folder}/memory.stat`, 'inactive_file 1\ntotal_inactive_file 2000\ntotal_active_file 5\n');
  put(`/sys/fs/cgroup/${folder}/memory.limit_in_bytes`, '8192\n');
  put(`/sys/fs/cgroup/${folder}/memory.oom_control`, 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n');
}
function v1(cpu = 'cpuacct'): void {
  put('/proc/42/cgroup', `4:memory:/docker/${ID}\n2:${cpu}:/docker/${ID}\n0::/\n`);
  memoryV1(`memory/docker/${ID}`);
  put(`/sys/fs/cgroup/${cpu}/docker/${ID}/cpuacct.usage`, '123456789\n');
}
function unified(mount: string): void {
  const folder = `/sys/fs/cgroup/${mount}system.slice/docker-${ID}.scope`;
  put(`${folder}/memory.current`, '5000\n');
  put(`${folder}/memory.stat`, 'anon 1\ninactive_file 2000\n');
  put(`${folder}/memory.max`, '8192\n');
  put(`${folder}/memory.events`, 'low 0\noom 4\noom_kill 3\noom_group_kill 0\n');
  put(`${folder}/cpu.stat`, 'usage_usec 123456\nuser_usec 1\n');
}
function v2(): void {
  put('/proc/42/cgroup', `0::/system.slice/docker-${ID}.scope\n`);
  unified('');
}
const EXPECTED = { workingSet: 3000, usage: 5000, limit: 8192, oomKills: 3, detail: null, takenAt: null };

describe('one sample', () => {
  test.each<[string, () => void, number]>([
    ['v1', () => v1(), 123456789],
    ['v1, controllers mounted together, without a link for each', () => v1('cpu,cpuacct'), 123456789],
    ['v2', v2, 123456000],
    [
      'hybrid: memory in v1, CPU in v2',
      () => {
        put('/proc/42/cgroup', `4:memory:/docker/${ID}\n0::/system.slice/docker-${ID}.scope\n`);
        memoryV1(`memory/docker/${ID}`);
        put('/sys/fs/cgroup/unified/cgroup.controllers', 'cpu\n');
        unified('unified/');
      },
      123456000,
    ],
    [
      'hybrid: CPU in v1, memory in v2',
      () => {
        put('/proc/42/cgroup', `2:cpuacct:/docker/${ID}\n0::/system.slice/docker-${ID}.scope\n`);
        put(`/sys/fs/cgroup/cpuacct/docker/${ID}/cpuacct.usage`, '77\n');
        put('/sys/fs/cgroup/unified/cgroup.controllers', 'memory\n');
        unified('unified/');
      },
      77,
    ],
  ])('%s', (_name, plant, cpu) => {
    plant();
    const usage = createUsage({ root });
    expect(usage.sample(ID, 42)).toEqual({ ...EXPECTED, cpu });
  });

  test.each([
    ['v1’s largest number', '9223372036854771712\n'],
    ['max', 'max\n'],
  ])('no limit: %s', (_name, text) => {
    v2();
    put(`/sys/fs/cgroup/system.slice/docker-${ID}.scope/memory.max`, text);
    expect(createUsage({ root }).sample(ID, 42)?.limit).toBeNull();
  });

  test('a kernel that does not count OOM kills', () => {
    v1();
    put(`/sys/fs/cgroup/memory/docker/${ID}/memory.oom_control`, 'oom_kill_disable 0\nunder_oom 0\n');
    expect(createUsage({ root }).sample(ID, 42)).toMatchObject({ workingSet: 3000, oomKills: null });
    rmSync(join(root, `/sys/fs/cgroup/memory/docker/${ID}/memory.oom_control`));
    expect(createUsage({ root }).sample(ID, 42)).toMatchObject({ workingSet: 3000, oomKills: null });
  });

  test.each([
    ['memory.usage_in_bytes', 'many\n'],
    ['memory.usage_in_bytes', '12abc\n'],
    ['memory.usage_in_bytes', ''],
    ['memory.stat', 'xtotal_inactive_file 3\n'],
    ['memory.stat', 'total_inactive_file -3\n'],
    ['memory.stat', 'total_inactive_file'],
    ['memory.stat', ''],
  ])('%s with %j: null, and nothing stays open', (file, text) => {
    v1();
    put(`/sys/fs/cgroup/memory/docker/${ID}/${file}`, text);
    expect(createUsage({ root }).sample(ID, 42)).toBeNull();
    expect(held()).toEqual([]);
  });

  test.each([
    ['no such process', 43, () => v2()],
    ['the PID is another process by now', 42, () => put('/proc/42/cgroup', `0::/docker/${'0'.repeat(64)}\n`)],
    ['another machine’s cgroup', 42, () => put('/proc/42/cgroup', `0::/docker/${ID}\n`)],
    [
      'no accounting of CPU',
      42,
      () => {
        v1();
        rmSync(join(root, '/sys/fs/cgroup/cpuacct'), { recursive: true });
      },
    ],
  ])('%s: null, and nothing stays open', (_name, pid, plant) => {
    plant();
    expect(createUsage({ root }).sample(ID, pid)).toBeNull();
    expect(held()).toEqual([]);
  });
});

describe('open files', () => {
  test('are opened once, tell what is new, and are closed by forget', () => {
    v2();
    const usage = createUsage({ root });
    usage.sample(ID, 42);
    const open = held();
    expect(open).toHaveLength(5);
    put(`/sys/fs/cgroup/system.slice/docker-${ID}.scope/memory.current`, '6000\n');
    // Not asked any more whose PID it is: the open files belong to the cgroup.
    rmSync(join(root, '/proc/42'), { recursive: true });
    expect(usage.sample(ID, 42)?.workingSet).toBe(4000);
    expect(held()).toEqual(open);
    usage.forget(ID);
    usage.forget(ID);
    expect(held()).toEqual([]);
  });

  test('of a container that ended are closed', () => {
    v2();
    const usage = createUsage({ root });
    usage.sample(ID, 42);
    put(`/sys/fs/cgroup/system.slice/docker-${ID}.scope/memory.current`, '');
    expect(usage.sample(ID, 42)).toBeNull();
    expect(held()).toEqual([]);
  });

  test('of another run are closed, and those of this run opened', () => {
    v2();
    const usage = createUsage({ root });
    usage.sample(ID, 42);
    put('/proc/50/cgroup', `0::/docker/${ID}\n`);
    expect(usage.sample(ID, 50)).toBeNull();
    expect(held()).toEqual([]);
    v1();
    expect(usage.sample(ID, 42)?.cpu).toBe(123456789);
    usage.forget(ID);
  });
});

describe('host', () => {
  const MEMINFO = 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\n';
  const memory = { total: 1_024_000, available: 614_400 };

  test('memory, pressure and counters', () => {
    put('/proc/meminfo', MEMINFO);
    put('/proc/pressure/memory', 'some avg10=12.50 avg60=1.00 avg300=0.00 total=9\nfull avg10=3.07 avg60=0.10 avg300=0.00 total=7\n');
    put(
      '/proc/vmstat',
      'nr_free_pages 9\npgscan_kswapd 40\npgscan_direct 7\nallocstall_dma 0\nallocstall_normal 2\npswpin 17\npswpout 3\nworkingset_refault_anon 4\nworkingset_refault_file 99\n',
    );
    expect(createHostMemory({ proc: join(root, 'proc') }).sample()).toEqual({
      ...memory,
      psi: { some10: 12.5, full10: 3.07 },
      reclaims: 42,
      swapIn: 17,
      refaults: 99,
    });
  });

  test('a kernel before 5.9 has one count of refaults', () => {
    put('/proc/vmstat', 'workingset_refault 12\nworkingset_activate 3\npswpin 0\n');
    expect(createHostMemory({ proc: join(root, 'proc') }).sample()).toMatchObject({ psi: null, swapIn: 0, refaults: 12 });
  });

  test('a kernel before 4.8 counts what it looks at by zone', () => {
    put('/proc/vmstat', 'pgscan_kswapd_dma 3\npgscan_kswapd_normal 5\npgscan_direct_normal 100\nallocstall 4\n');
    expect(createHostMemory({ proc: join(root, 'proc') }).sample()).toMatchObject({ reclaims: 12 });
  });

  test('without PSI and counters', () => {
    put('/proc/meminfo', MEMINFO);
    expect(createHostMemory({ proc: join(root, 'proc') }).sample()).toEqual({
      ...memory,
      psi: null,
      reclaims: null,
      swapIn: null,
      refaults: null,
    });
  });

  test('a VM of WSL tells its file cache too', () => {
    put('/proc/meminfo', `${MEMINFO}Buffers:          20 kB\nCached:          300 kB\nSwapCached:       50 kB\n`);
    put('/proc/sys/kernel/osrelease', '6.6.87.2-microsoft-standard-WSL2\n');
    expect(createHostMemory({ proc: join(root, 'proc') }).sample()).toMatchObject({ ...memory, vmCache: 320 * 1024 });
  });

  test('swap, cores, work and load', () => {
    put('/proc/meminfo', `${MEMINFO}SwapTotal:       200 kB\nSwapFree:         50 kB\n`);
    put('/proc/stat', 'cpu  10 1 20 100 9 2 3 5 4 1\ncpu0 5 0 10 50 4 1 1 2 2 0\ncpu1 5 1 10 50 5 1 2 3 2 1\nintr 1\n');
    const detail = createHostMemory({ proc: join(root, 'proc') }).detail();
    // user + nice + system + irq + softirq + steal; what guests use is part of user.
    expect(detail).toEqual({
      swapTotal: 204_800,
      swapFree: 51_200,
      cores: 2,
      cpu: { busy: 41, all: 150 },
      load: [expect.any(Number), expect.any(Number), expect.any(Number)],
      wsl: false,
    });
  });

  test.each([
    ['5.15.167.4-microsoft-standard-WSL2\n', true],
    ['4.4.0-19041-Microsoft\n', true],
    ['6.1.0-31-amd64\n', false],
  ])('kernel %s is WSL’s: %s', (release, expected) => {
    put('/proc/sys/kernel/osrelease', release);
    expect(createHostMemory({ proc: join(root, 'proc') }).detail().wsl).toBe(expected);
  });

  test('without /proc: what the operating system says, and what is told of swap in the background', async () => {
    let asked = 0;
    const answered = Promise.resolve({ available: 600, swaptotal: 30, swapfree: 20 });
    const system = async () => {
      asked++;
      return { mem: () => answered };
    };
    const host = createHostMemory({ proc: join(root, 'none'), system });
    expect(host.detail()).toMatchObject({ swapTotal: 0, swapFree: 0 });
    await new Promise(setImmediate);
    expect(host.detail()).toMatchObject({ swapTotal: 30, swapFree: 20, cpu: { all: expect.any(Number) } });
    expect(host.detail().cores).toBeGreaterThan(0);
    expect(host.read().available).toBe(600);
    expect(asked).toBe(1);
  });

  test('without /proc, and nobody to ask: swap is not known', async () => {
    const host = createHostMemory({ proc: join(root, 'none'), system: () => Promise.reject(new Error('not here')) });
    host.detail();
    await new Promise(setImmediate);
    expect(host.detail()).toMatchObject({ swapTotal: 0, swapFree: 0 });
  });

  test.each(['', 'some avg10=1.00 avg60=1.00 avg300=0.00 total=9\n', 'some avg10=x avg60=1\nfull avg10=1.00 avg60=1\n', 'full avg10=1.00'])(
    'malformed pressure %j: null',
    text => {
      put('/proc/pressure/memory', text);
      expect(createHostMemory({ proc: join(root, 'proc') }).sample().psi).toBeNull();
    },
  );
});
