import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cacheOf, findCgroups } from '../../../daemon/platform/wsl/cgroups.js';
import { readHost } from '../../../daemon/platform/wsl/facts.js';
import { kernelWriter, reclaimContainers } from '../../../daemon/platform/wsl/reclaim.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { fake, serve, view } from '../../server/harness.js';
import { simulateContainer } from './contained.js';
import { runOn } from './run-cli.js';
import { type Simulated, type SimulatedHost, simulate } from './simulated.js';

const ID = `${'c0ffee'.repeat(10)}beef`;
const hosts: SimulatedHost[] = [];
afterEach(() => hosts.splice(0).forEach(host => void host.remove()));

function withContainer(version: 'v1' | 'v2', files: readonly string[], parts: Partial<Simulated> = {}) {
  const contained = simulateContainer(version, ID, files, parts);
  hosts.push(contained.host);
  return contained;
}

describe('the cgroup of a container', () => {
  it.each(['v1', 'v2'] as const)('is found by one of its processes: %s', version => {
    const { seam, file } = withContainer(version, []);
    const found = findCgroups(seam, [ID, 'other']);
    expect([...found]).toEqual([[ID, { version, folder: file('') .replace(/\/$/, '') }]]); // biome-ignore format: short
    const [cgroup] = found.values();
    expect(cgroup && cacheOf(cgroup)).toBe(200 * MiB);
  });
});

describe('in each layout of WSL', () => {
  it.each([
    ['2.7.14', `docker/${ID}`, '0::/init.scope'],
    ['2.7.14', `system.slice/docker-${ID}.scope`, '0::/init.scope'],
    ['2.9.12', `docker/${ID}`, '0::/wsl-user/distro-280/non-systemd'],
    ['2.9.12', `wsl-user/distro-280/systemd/system.slice/docker-${ID}.scope`, '0::/wsl-user/distro-280/non-systemd'],
    ['3.0.1', `docker/${ID}`, '0::/non-systemd'],
    ['3.0.1', `system.slice/docker-${ID}.scope`, '0::/non-systemd'],
  ] as const)('%s: %s', async (release, place, self) => {
    const contained = simulateContainer('v2', ID, ['memory.reclaim'], { release }, place);
    hosts.push(contained.host);
    expect(readFileSync(join(contained.host.root, 'proc/self/cgroup'), 'utf8')).toBe(`${self}\n`);
    const folder = join(contained.host.root, 'sys/fs/cgroup', place);
    expect([...findCgroups(contained.seam, [ID])]).toEqual([[ID, { version: 'v2', folder }]]);
    const [done] = await reclaimContainers(contained.seam, [ID], async () => null);
    expect(done).toMatchObject({ how: 'memory.reclaim', before: 200 * MiB, why: null });
  });

  // From 2.9.13 on, containers of another distribution are out of sight.
  it('what runs in another distribution is told', async () => {
    const contained = simulateContainer('v2', ID, ['memory.reclaim'], { release: '3.0.1' });
    hosts.push(contained.host);
    expect(await reclaimContainers(contained.seam, ['f'.repeat(64)], async () => null)).toMatchObject([
      { why: 'its cgroup is not on this machine' },
    ]);
  });
});

describe('giving back', () => {
  const asked = async (
    version: 'v1' | 'v2',
    files: readonly string[],
    answers: readonly (string | null)[],
    parts: Partial<Simulated> = {},
  ) => {
    const { seam } = withContainer(version, files, parts);
    const left = [...answers];
    const written: string[] = [];
    const [done] = await reclaimContainers(seam, [ID], async (file, text) => {
      written.push(`${file.split('/').at(-1)} ${text}`);
      return left.shift() ?? null;
    });
    return { how: done?.how, why: done?.why, written };
  };
  const SIZE = 200 * MiB;
  it.each([
    ['all of it, without swapping', 'v2', ['memory.reclaim'], [], { how: 'memory.reclaim', why: null, written: [`memory.reclaim ${SIZE} swappiness=0`] }],
    ['a kernel that knows no swappiness', 'v2', ['memory.reclaim'], ['EINVAL'], { how: 'memory.reclaim', why: null, written: [`memory.reclaim ${SIZE} swappiness=0`, `memory.reclaim ${SIZE}`] }],
    ['less than asked', 'v2', ['memory.reclaim'], ['EAGAIN'], { how: 'memory.reclaim', why: expect.stringContaining('normal') }],
    ['not root', 'v2', ['memory.reclaim'], ['needs root'], { how: 'memory.reclaim', why: 'needs root' }],
    ['an older kernel', 'v2', [], [], { how: null, why: 'this kernel has no memory.reclaim', written: [] }],
    ['cgroup v1', 'v1', ['memory.force_empty'], [], { how: 'memory.force_empty', why: null, written: ['memory.force_empty 0'] }],
  ] as const)('%s', async (_, version, files, answers, expected) => {
    expect(await asked(version, files, answers)).toMatchObject(expected);
  }); // biome-ignore format: a table
  it('cgroup v1 beside swap is left alone: force_empty would swap', async () => {
    expect(await asked('v1', ['memory.force_empty'], [], { swap: 2 })).toMatchObject({
      how: null,
      why: expect.stringContaining('swap'),
      written: [],
    });
  });
  it('what is not on this machine is told', async () => {
    const { seam } = withContainer('v2', []);
    const answers = await reclaimContainers(seam, ['elsewhere'], async () => null);
    expect(answers).toMatchObject([{ id: 'elsewhere', before: null, why: 'its cgroup is not on this machine' }]);
  });
});

describe('as root', () => {
  const denied = () => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' }));
  it.each([
    ['by wsl.exe where interop is on', {}, null, 'wsl.exe -d Ubuntu -u root -e sh -c printf %s'],
    ['not where it is off', { interop: false }, 'needs root', ''],
    ['not where wsl.exe fails', { wsl: 'fails' }, 'needs root', 'wsl.exe -d Ubuntu -u root'],
  ] as const)('%s', async (_, parts, expected, call) => {
    const host = simulate(parts);
    hosts.push(host);
    const seam = { root: host.root, env: { ...host.env, WSL_DISTRO_NAME: 'Ubuntu' }, start: host.start };
    const facts = await readHost(seam, join(host.state, 'windows.json'));
    expect(await kernelWriter(seam, facts, denied)('/sys/x', '1')).toBe(expected);
    expect(host.calls()).toContain(call);
  });
});

describe('wsl reclaim', () => {
  const daemon = async () => serve(fake({ services: async () => [{ ...view('api'), container: ID }, { ...view('db'), state: 'asleep', container: null }] }).supervisor); // biome-ignore format: short

  it('gives back what running services cache, then with consent all of the VM', async () => {
    const { host, file } = withContainer('v2', ['memory.reclaim']);
    const { socket, stop } = await daemon();
    const shy = await runOn(host, 'wsl reclaim', socket);
    expect(shy).toMatchObject({ code: 0, err: expect.stringContaining('--yes drops it') });
    expect(shy.out).toMatch(
      /^shop\/api +200 MB +200 MB[\s\S]*File cache: [\s\S]*MemFree: 1\.9 GB before, 1\.9 GB now\.\nFree on Windows: 3 GB before/m,
    );
    expect(readFileSync(file('memory.reclaim'), 'utf8')).toBe(`${200 * MiB} swappiness=0`);
    const drop = join(host.root, 'proc/sys/vm/drop_caches');
    expect(readFileSync(drop, 'utf8')).toBe('');
    const all = await runOn(host, 'wsl reclaim --yes --json', socket);
    expect(JSON.parse(all.out).data).toMatchObject({
      containers: [{ service: 'shop/api', id: ID }],
      vm: { asked: true, done: true, why: null },
    });
    expect([readFileSync(drop, 'utf8'), readFileSync(join(host.root, 'proc/sys/vm/compact_memory'), 'utf8')]).toEqual(['3', '1']);
    await stop();
  });
  it('--after-stop leaves containers alone, and asks no daemon', async () => {
    const { host, file } = withContainer('v2', ['memory.reclaim']);
    const { out, err } = await runOn(host, 'wsl reclaim --after-stop --yes');
    expect([out, err]).toEqual([expect.stringMatching(/^The page cache of the VM was dropped\.\nFile cache: .*\nMemFree/), '']);
    expect(readFileSync(file('memory.reclaim'), 'utf8')).toBe('');
  });
  it('on plain Linux it is the containers alone', async () => {
    const { host, file } = withContainer('v2', ['memory.reclaim'], { kind: 'linux' });
    const { socket, stop } = await daemon();
    const { code, out, err } = await runOn(host, 'wsl reclaim --yes', socket);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^SERVICE[\s\S]*MemFree: 1\.9 GB before, 1\.9 GB now\.\n$/);
    expect(readFileSync(file('memory.reclaim'), 'utf8')).not.toBe('');
    expect(readFileSync(join(host.root, 'proc/sys/vm/drop_caches'), 'utf8')).toBe('');
    await stop();
  });
  it('without a daemon it says so', async () => {
    const { host } = withContainer('v2', [], { kind: 'linux' });
    expect(await runOn(host, 'wsl reclaim')).toMatchObject({ code: 0, err: expect.stringContaining('No daemon runs') });
  });
});
