import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { WriteKernel } from '../../../daemon/platform/wsl/reclaim.js';
import { createReclaimCache } from '../../../daemon/platform/wsl/reclaim.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';
import { simulateContainer } from './contained.js';
import type { Simulated, SimulatedHost } from './simulated.js';

const ID = `${'c0ffee'.repeat(10)}beef`;
const SIZE = 200 * MiB;
const hosts: SimulatedHost[] = [];
afterEach(() => hosts.splice(0).forEach(host => void host.remove()));

function machine(
  version: 'v1' | 'v2',
  parts: Partial<Simulated> = {},
  files: readonly string[] = ['memory.reclaim', 'memory.force_empty'],
) {
  const made = simulateContainer(version, ID, files, { ...(version === 'v1' ? { release: '2.3.26' } : {}), ...parts });
  hosts.push(made.host);
  return made;
}

/** A kernel that answers so to each write, and keeps it. */
function kernel(root: string, answers: readonly (string | null)[] = []) {
  const left = [...answers];
  const written: string[] = [];
  const write: WriteKernel = async (file, text) => {
    written.push(`${file.slice(root.length).split('/').slice(-2).join('/')} ${text}`);
    return left.shift() ?? null;
  };
  return { written, write };
}

const RECLAIMED = `docker-${ID}.scope/memory.reclaim ${SIZE} swappiness=0`;
const DROPPED = ['vm/drop_caches 1', 'vm/compact_memory 1'];

describe('what is given back', () => {
  it.each<[string, Partial<Simulated>, boolean, string[], boolean]>([
    ['WSL2: containers, then the page cache of the VM', {}, true, [RECLAIMED, ...DROPPED], true],
    ['WSL2: containers alone, unless somebody agreed to more', {}, false, [RECLAIMED], true],
    ['plain Linux: containers alone, whatever was agreed to', { kind: 'linux' }, true, [RECLAIMED], false],
  ])('%s', async (_, parts, vm, expected, windows) => {
    const { seam } = machine('v2', parts);
    const { written, write } = kernel(seam.root);
    expect(await createReclaimCache(seam, write)({ containers: [ID], vm }, () => true)).toMatchObject({ windows, why: null });
    expect(written).toEqual(expected);
  });

  it('is measured before and after: MemFree and file cache of the machine, not of the container', async () => {
    const { seam } = machine('v2', { vm: 8, cache: 0.5 });
    const meminfo = join(seam.root, 'proc/meminfo');
    const write: WriteKernel = async () => {
      writeFileSync(meminfo, 'MemTotal: 8000000 kB\nMemFree: 3145728 kB\nBuffers: 24 kB\nCached: 1048552 kB\n');
      return null;
    };
    const { before, after } = await createReclaimCache(seam, write)({ containers: [ID], vm: false }, () => true);
    expect(before.cache).toBeGreaterThan(3.8 * GiB);
    expect(after).toEqual({ free: 3 * GiB, cache: GiB });
  });

  it('files below the root are written, where nobody says how', async () => {
    const { seam, file } = machine('v2');
    await createReclaimCache(seam)({ containers: [ID], vm: true }, () => true);
    expect(readFileSync(file('memory.reclaim'), 'utf8')).toBe(`${SIZE} swappiness=0`);
    expect(readFileSync(join(seam.root, 'proc/sys/vm/drop_caches'), 'utf8')).toBe('1');
  });
});

describe('what is left', () => {
  it('containers on cgroup v1, whose force_empty takes what is in use too', async () => {
    const { seam } = machine('v1');
    const { written, write } = kernel(seam.root);
    const done = await createReclaimCache(seam, write)({ containers: [ID], vm: false }, () => true);
    expect([written, done.why]).toEqual([[], 'that of a container needs cgroup v2']);
    expect(await createReclaimCache(seam, write)({ containers: [], vm: true }, () => true)).toMatchObject({ why: null });
    expect(written).toEqual(DROPPED);
  });

  it.each([0, 1])('all from the moment on at which a service starts: after %i', async allowed => {
    const { seam } = machine('v2');
    const { written, write } = kernel(seam.root);
    let asked = 0;
    await createReclaimCache(seam, write)({ containers: [ID, ID], vm: true }, () => asked++ < allowed);
    expect(written).toEqual(Array.from({ length: allowed }, () => RECLAIMED));
  });

  it.each<[string, readonly (string | null)[], string | null]>([
    ['that the kernel got less is normal', ['EAGAIN'], null],
    ['a container without root', ['needs root'], 'needs root'],
    ['the VM without root', [null, 'needs root'], 'that of the VM: needs root'],
  ])('why: %s', async (_, answers, why) => {
    const { seam } = machine('v2');
    expect(await createReclaimCache(seam, kernel(seam.root, answers).write)({ containers: [ID], vm: true }, () => true)).toMatchObject({
      why,
    });
  });

  it('why: a kernel that cannot; a container that is not on this machine is no fault', async () => {
    const old = machine('v2', {}, []);
    const giveBack = createReclaimCache(old.seam, kernel(old.seam.root).write);
    expect(await giveBack({ containers: [ID], vm: false }, () => true)).toMatchObject({ why: 'this kernel has no memory.reclaim' });
    expect(await giveBack({ containers: ['elsewhere'], vm: false }, () => true)).toMatchObject({ why: null });
  });
});
