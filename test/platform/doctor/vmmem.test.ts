import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Remedy } from '../../../daemon/platform/doctor/finding.js';
import { cpuUse } from '../../../daemon/platform/doctor/host-evidence.js';
import { sampled } from '../../support/deep.js';
import { runOn } from '../wsl/run-cli.js';
import { type Release, type Simulated, type SimulatedHost, simulate } from '../wsl/simulated.js';
import { ENGINES, startEngine } from './engine.js';

async function on<T>(parts: Partial<Simulated>, use: (host: SimulatedHost) => Promise<T>): Promise<T> {
  const host = simulate(parts);
  const server = await startEngine(host.root, ENGINES.docker);
  try {
    return await use(host);
  } finally {
    server.close();
    host.remove();
  }
}

interface Told {
  readonly code: string;
  readonly fix: string;
  readonly evidence: string;
  readonly remedies: readonly Remedy[];
}

const LINE = 'doctor full --json';

const found = (parts: Partial<Simulated>, code: string) =>
  on(parts, async host => {
    const { findings } = JSON.parse((await runOn(host, LINE)).out).data as { findings: readonly Told[] };
    return { finding: findings.find(each => each.code === code), waited: host.waited() };
  });

const BUSY = { user: 0.04, system: 0.01 };
const KERNEL = { user: 0.001, system: 0.02 };
const EDGE = { user: 0.005, system: 0 };
const JUST = { user: 0.0025, system: 0.0025 };

/** A fast run takes a few of the hosts. */
const RARE = 15;

describe.concurrent('cache that WSL does not drop', () => {
  /** `minutes` that WSL waits; null: the VM is idle. */
  it.each(
    sampled<readonly [Release, Simulated['busy'], number | null]>(
      [
        ['2.6.1', BUSY, 10],
        ['2.6.1', KERNEL, null],
        ['2.7.14', KERNEL, null],
        ['2.9.4', KERNEL, null],
        ['2.9.4', EDGE, 10],
        ['2.9.8', KERNEL, 2],
        ['2.9.8', EDGE, null],
        ['2.9.12', JUST, null],
        ['3.0.1', BUSY, 2],
        ['3.0.1', KERNEL, 2],
        ['3.0.1', JUST, null],
        ['3.0.2', { user: 0.0025, system: 0.005 }, 2],
      ],
      RARE,
    ),
  )('WSL %s, %o: %s minutes', async (release, busy, minutes) => {
    const { finding, waited } = await found({ release, busy, cache: 0.6, commandLine: 'psi=1' }, 'wsl-cache-held');
    expect(waited).toBe(2_000);
    if (minutes === null) expect(finding).toBeUndefined();
    else expect(finding?.evidence).toContain(`WSL ${release}.0 waits for ${minutes} minutes below 0.5 %`);
  });

  it('is not asked about where there is little of it: that takes no time', async () => {
    expect(await found({ busy: BUSY, cache: 0.2 }, 'wsl-cache-held')).toEqual({ finding: undefined, waited: 0 });
  });

  it('is held by the share of all processors, be there 256 of them', async () => {
    const many = { release: '3.0.1', cache: 0.6, vmCpus: 256, cpus: 256 } as const;
    expect((await found({ ...many, busy: { user: 0.004, system: 0.002 } }, 'wsl-cache-held')).finding?.evidence).toContain('programs and kernel use 0.6 % of 256 processors, over 2 s');
    expect((await found({ ...many, busy: { user: 0.004, system: 0.0005 } }, 'wsl-cache-held')).finding).toBeUndefined();
  }); // biome-ignore format: short
});

describe('two readings of /proc/stat', () => {
  const read = async (before: string, after: string) => {
    const host = simulate({ files: { 'proc/stat': before } });
    const use = await cpuUse({ root: host.root, env: {}, wait: async () => writeFileSync(join(host.root, 'proc/stat'), after) });
    host.remove();
    return use;
  };

  it('count programs, kernel, interrupts and what the host took; waiting for the disk is idle, guests are in user', async () => {
    const use = await read('cpu  10 20 30 40 50 60 70 80 90 100\n', 'cpu  110 120 130 540 150 160 170 180 500 500\n');
    expect(use).toEqual({ user: 100 / 1200, all: 600 / 1200, over: 2_000 });
  });

  it.each([
    ['that cannot be read', '', 'cpu  1 1 1 1\n'],
    ['between which nothing passed', 'cpu  1 1 1 1\n', 'cpu  1 1 1 1\n'],
    ['of which the later is less', 'cpu  9 1 1 9\n', 'cpu  1 1 1 10\n'],
    ['that are something else', 'cpux\n', 'cpu\n'],
  ])('%s tell nothing', async (_, before, after) => expect(await read(before, after)).toBeNull());
});

/** Words by which the pieces of advice are told from each other. */
const WORDS = {
  session: 'system session terminate ends',
  drop: 'laptop-dev wsl reclaim --yes',
  update: 'wsl --update',
  never: 'remove autoMemoryReclaim=disabled',
  busiest: 'stop what keeps the VM from being idle',
  daemon: 'LAPTOP_DEV_RECLAIM=always',
  limit: 'laptop-dev wsl apply --wslc',
  ends: 'idleTimeout: 30',
  larger: ' shows what fits',
  fewer: 'a profile with fewer services',
  smaller: 'laptop-dev wsl apply minimal',
  stays: 'remove instanceIdleTimeout',
  shutdown: 'wsl --shutdown, in PowerShell, gives back',
} as const;

const RUNNING = { 'wslc-cli-me': { running: true } };

describe.concurrent('the order of advice', () => {
  it.each(sampled<readonly [string, string, Partial<Simulated>, readonly (keyof typeof WORDS)[]]>([
    ['Windows is short on an old WSL', 'wsl-host-short', { windowsFree: 1 }, ['update', 'smaller', 'shutdown']],
    ['… with cache', 'wsl-host-short', { windowsFree: 1, cache: 0.6 }, ['drop', 'update', 'smaller', 'shutdown']],
    ['… on 3.0.1', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, cache: 0.6 }, ['drop', 'smaller', 'shutdown']],
    ['… with a VM of wslc', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, cache: 0.6, wslc: { settings: null, sessions: RUNNING } }, ['session', 'drop', 'limit', 'smaller', 'shutdown']],
    ['… one that lingers', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, vm: 5, swap: 1, config: '[wsl2]\nmemory=5GB\n', wslc: { settings: 'session:\n  memorySize: 4GB\n  idleTimeout: 3600\n', sessions: RUNNING } }, ['session', 'ends', 'shutdown']],
    ['… with wslc that does not run', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, wslc: { settings: null, sessions: { a: { running: false } } } }, ['limit', 'smaller', 'shutdown']],
    ['… and a VM that never ends', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, config: '[general]\ninstanceIdleTimeout=-1\n' }, ['smaller', 'stays', 'shutdown']],
    ['… and cache that is never dropped', 'wsl-host-short', { release: '3.0.1', windowsFree: 1, cache: 0.6, config: '[experimental]\nautoMemoryReclaim=disabled\n' }, ['drop', 'never', 'smaller', 'shutdown']],
    ['cache on an old WSL', 'wsl-cache-held', { cache: 0.6 }, ['drop', 'update', 'busiest', 'daemon']],
    ['cache on 3.0.1', 'wsl-cache-held', { release: '3.0.1', cache: 0.6 }, ['drop', 'busiest', 'daemon']],
    ['a VM that is too small', 'wsl-memory-small', { vm: 4, swap: 1 }, ['larger', 'fewer']],
    ['… on a host that has no more', 'wsl-memory-small', { host: 8, vm: 4, swap: 1 }, ['fewer']],
    ['… beside wslc', 'wsl-memory-small', { release: '3.0.1', vm: 4, swap: 1, config: '[wsl2]\nmemory=4GB\n', wslc: { settings: 'session:\n  memorySize: 12GB\n', sessions: RUNNING } }, ['limit', 'fewer']],
    ['… whose preset would fit', 'wsl-memory-small', { release: '3.0.1', host: 32, vm: 4, swap: 1, config: '[wsl2]\nmemory=4GB\n', wslc: { settings: 'session:\n  memorySize: 12GB\n', sessions: RUNNING } }, ['larger', 'fewer']],
  ], RARE))('%s: %s', async (_, code, parts, order) => {
    const { finding } = await found(parts, code);
    const told = finding?.remedies.map(({ does }) => Object.entries(WORDS).find(([, words]) => does.includes(words))?.[0] ?? does);
    expect(told).toEqual(order);
    expect(finding?.fix).toBe(finding?.remedies[0]?.does);
    for (const { cost } of finding?.remedies ?? []) expect(cost).not.toBe('');
  }); // biome-ignore format: a table

  it('is printed a line each, with the cost', async () => {
    const { out } = await on({ release: '3.0.1', windowsFree: 1, cache: 0.6, wslc: { settings: null, sessions: RUNNING } }, host => runOn(host, 'doctor full')); // biome-ignore format: short
    const [, told = ''] = out.split(/^✗ Windows itself runs short of memory \[wsl-host-short\]\n/m);
    expect(
      told
        .split('\n\n')[0]
        ?.split('\n')
        .filter(line => line.startsWith('  → ')),
    ).toHaveLength(5);
    const flat = told.replaceAll(/\n +/g, ' ');
    expect(flat).toMatch(/^ +Windows has 1 GB free; WSL's own containers have a VM beside this one \(wslc-cli-me\) of up to 7\.\d GB/);
    expect(flat).toContain('→ wslc --session wslc-cli-me system session terminate ends the VM of WSL\'s own containers, which gives back all it holds — costs: the containers of that session stop'); // biome-ignore format: short
  });
});

it('the name of a session is one word for PowerShell, whatever it holds', async () => {
  const sessions = { "it's; rm": { running: true } };
  const { finding } = await found({ release: '3.0.1', windowsFree: 1, wslc: { settings: null, sessions } }, 'wsl-host-short');
  expect(finding?.fix).toMatch(/^wslc --session 'it''s; rm' system session terminate/);
});

describe.concurrent('both VMs of WSL', () => {
  const told = async (parts: Partial<Simulated>) => (await found({ release: '3.0.1', ...parts }, 'wsl-wslc-memory')).finding;
  const sessions = { 'wslc-cli-me': { running: false } };

  it.each(
    sampled<readonly [string, Partial<Simulated>, string]>(
      [
        ['half each of 16 GB', {}, '4GB'],
        ['half each of 32 GB', { host: 32, vm: 16 }, '12GB'],
        ['half each of 64 GB', { host: 64, vm: 32 }, '28GB'],
        ['a VM of 10 GB', { vm: 10, config: '[wsl2]\nmemory=10GB\n' }, '2GB'],
      ],
      RARE,
    ),
  )('%s: wslc is to have what leaves Windows 4 GB', async (_, parts, size) => {
    expect((await told({ ...parts, wslc: { settings: null, sessions } }))?.fix).toContain(`--wslc ${size} (session.memorySize)`);
  });

  it('what a preset leaves them is not complained of', async () => {
    const config = '[wsl2]\nmemory=8GB\n';
    expect(await told({ config, wslc: { settings: 'session:\n  memorySize: 4GB\n', sessions } })).toBeUndefined();
    expect((await told({ config, wslc: { settings: 'session:\n  memorySize: 5GB\n', sessions } }))?.evidence).toMatch(
      /this VM may take 8 GB \(memory=8GB\), that of WSL's own containers 5 GB \(memorySize, line 2\), of the host's 15\.7 GB/,
    );
  });

  it('where nothing is left for them, both have to have less', async () => {
    const config = '[wsl2]\nmemory=12GB\n';
    expect((await told({ vm: 12, config, wslc: { settings: null, sessions } }))?.fix).toMatch(/--wslc 2GB .*; less wsl2\.memory too/);
  });

  it('settings that cannot be read are said to be so, and nothing is judged', async () => {
    const { out } = await on({ release: '3.0.1', files: { 'mnt/c/Users/me/AppData/Local/wslc/settings.yaml/x': '' } }, host => runOn(host, LINE));
    const { findings, skipped } = JSON.parse(out).data;
    expect([findings, skipped]).toEqual([[], expect.arrayContaining([{ code: 'wsl-wslc-memory', why: expect.stringContaining('settings.yaml is not usable: it is not a file') }])]);
  }); // biome-ignore format: short
});
