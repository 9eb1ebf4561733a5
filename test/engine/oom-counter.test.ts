import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { counterFile, createOomMemory, machineOomKills, oomKills } from '../../daemon/engine/podman/oom-counter.js';

const ID = 'f49d242ad5b6c11c73bb686d0c0f94e95259619166d991a6580301b6bfe3d891';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oom-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test.each([
  ['v1', `4:memory:/libpod_parent/libpod-${ID}\n0::/x`, `memory/libpod_parent/libpod-${ID}/memory.oom_control`],
  ['v2', `0::/user.slice/libpod-${ID}.scope/container`, `/user.slice/libpod-${ID}.scope/memory.events`],
  ['another container by now', '0::/docker/other', null],
])('the counter of %s', (_name, text, file) => {
  expect(counterFile(text, ID)).toBe(file);
});

test('kills of a container and of the machine', () => {
  put('/proc/42/cgroup', `0::/libpod-${ID}.scope\n`);
  put(`/sys/fs/cgroup/libpod-${ID}.scope/memory.events`, 'low 0\noom 3\noom_kill 2\n');
  put('/proc/vmstat', 'nr_free_pages 1\noom_kill 17\n');
  expect(oomKills(ID, 42, root)).toBe(2);
  expect(oomKills(ID, 43, root)).toBeNull();
  expect(machineOomKills(root)).toBe(17);
  expect(machineOomKills(join(root, 'absent'))).toBe(0);
});

describe('the memory of the last seconds', () => {
  test('a rise in the last second or two counts, an older one does not', () => {
    let kills = 5;
    const memory = createOomMemory(() => kills);
    for (let at = 0; at <= 3000; at += 1000) memory.sample(at);
    expect(memory.roseBefore(3500)).toBe(false);
    kills = 6;
    expect(memory.roseBefore(3500)).toBe(true);
    for (let at = 4000; at <= 6000; at += 1000) memory.sample(at);
    expect(memory.roseBefore(6500)).toBe(false);
  });

  test('with one sample, since that one', () => {
    let kills = 0;
    const memory = createOomMemory(() => kills);
    memory.sample(0);
    kills = 1;
    expect(memory.roseBefore(10)).toBe(true);
  });
});
