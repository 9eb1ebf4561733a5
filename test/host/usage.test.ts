import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryFiles, workingSetOf } from '../../daemon/host/cgroup.js';
import { createHostMemory } from '../../daemon/host/host-memory.js';
import { createUsage } from '../../daemon/host/usage.js';

const ID = 'f49d242ad5b6c11c73bb686d0c0f94e95259619166d991a6580301b6bfe3d891';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('where the figures are', () => {
  test.each([
    ['v1, Docker', `4:memory:/docker/${ID}\n0::/docker/${ID}`, `memory/docker/${ID}/memory.usage_in_bytes`],
    ['v1, controllers together', `4:cpu,memory:/docker/${ID}`, `memory/docker/${ID}/memory.usage_in_bytes`],
    ['v1, Podman', `4:memory:/libpod_parent/libpod-${ID}`, `memory/libpod_parent/libpod-${ID}/memory.usage_in_bytes`],
    ['v2, systemd', `0::/system.slice/docker-${ID}.scope`, `/system.slice/docker-${ID}.scope/memory.current`],
    ['v2, Podman’s inner cgroup', `0::/user.slice/libpod-${ID}.scope/container`, `/user.slice/libpod-${ID}.scope/memory.current`],
    ['v2, a cgroup that the container made', `0::/docker/${ID}/init`, `/docker/${ID}/memory.current`],
  ])('%s', (_name, text, usage) => {
    expect(memoryFiles(text, ID)?.usage).toBe(usage);
  });

  test.each([
    ['another container by now', `0::/docker/${'0'.repeat(64)}`],
    ['outside the cgroup namespace', `0::/../../docker/${ID}`],
    ['nothing', ''],
  ])('%s: null', (_name, text) => {
    expect(memoryFiles(text, ID)).toBeNull();
  });
});

describe('working set', () => {
  test('usage less inactive cache, never negative, null when a figure is missing', () => {
    expect(workingSetOf('1000\n', 'inactive_file 1\ntotal_inactive_file 300\n', 'total_inactive_file')).toBe(700);
    expect(workingSetOf('1000\n', 'inactive_file 1\ntotal_inactive_file 300\n', 'inactive_file')).toBe(999);
    expect(workingSetOf('100\n', 'inactive_file 300\n', 'inactive_file')).toBe(0);
    expect(workingSetOf('', 'inactive_file 300\n', 'inactive_file')).toBeNull();
    expect(workingSetOf('100\n', 'file 300\n', 'inactive_file')).toBeNull();
  });

  test('from files', async () => {
    put('/proc/42/cgroup', `0::/docker/${ID}\n`);
    put(`/sys/fs/cgroup/docker/${ID}/memory.current`, '5000\n');
    put(`/sys/fs/cgroup/docker/${ID}/memory.stat`, 'anon 1\ninactive_file 2000\n');
    const usage = createUsage({ root });
    expect(await usage.workingSet(ID, 42)).toBe(3000);
    expect(await usage.workingSet(ID, 43)).toBeNull();
    expect(await usage.workingSet(ID, null)).toBeNull();
  });
});

describe('host memory', () => {
  test('MemTotal and MemAvailable in bytes', () => {
    put('/proc/meminfo', 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\n');
    expect(createHostMemory({ proc: join(root, 'proc') }).read()).toEqual({ total: 1_024_000, available: 614_400 });
  });

  test('an old kernel has no MemAvailable', () => {
    put('/proc/meminfo', 'MemTotal:       1000 kB\nMemFree:         100 kB\n');
    expect(createHostMemory({ proc: join(root, 'proc') }).read().available).toBe(102_400);
  });

  test('without /proc the operating system is asked', () => {
    const { total, available } = createHostMemory({ proc: join(root, 'proc') }).read();
    expect(total).toBeGreaterThan(available);
    expect(available).toBeGreaterThan(0);
  });
});
