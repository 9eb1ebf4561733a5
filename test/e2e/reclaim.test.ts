import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Live } from '../../daemon/api/live.js';
import { applyDelta } from '../../daemon/api/live-delta.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { GiB } from '../../daemon/shared/bytes.js';
import { type SimulatedHost, simulate } from '../platform/wsl/simulated.js';
import type { Home } from './support/home.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { tinyHome, viewIn } from './support/tiny.js';
import { patience, until } from './support/until.js';

/** A VM of WSL2 of which two fifths are file cache. Its kernel is in a folder: `sync` comes before the drop, and does it. */
let vm: SimulatedHost;
let own: Home;
let folder: string;
let services: readonly Sleeper[];

beforeAll(async () => {
  vm = simulate({ cache: 0.4, programs: 'scripts' });
  const meminfo = 'MemTotal: 8000000 kB\nMemFree: 4194304 kB\nMemAvailable: 5000000 kB\nBuffers: 0 kB\nCached: 102400 kB\n';
  const sync = join(vm.root, 'bin/sync');
  writeFileSync(sync, `#!/bin/sh\nprintf '${meminfo.replaceAll('\n', '\\n')}' > '${join(vm.root, 'proc/meminfo')}'\n`);
  chmodSync(sync, 0o755);
  own = await tinyHome({
    PATH: `${join(vm.root, 'bin')}:${process.env['PATH']}`,
    LAPTOP_DEV_HOST_ROOT: vm.root,
    LAPTOP_DEV_PROC: join(vm.root, 'proc'),
    LAPTOP_DEV_RECLAIM: 'short',
    LAPTOP_DEV_RECLAIM_VM: 'on',
  });
  const made = await sleepers(own, 'reclaim', { brief: { memory: '{ standard: 64MB, maximum: 64MB }', idle: '3s' } });
  folder = made.folder;
  services = made.services;
});
afterAll(async () => {
  await own?.close();
  vm?.remove();
});

it('who watches sees what Windows holds for the VM', async () => {
  let live: Live | null = null;
  for await (const frame of own.client.stream({ every: 1_000, signal: AbortSignal.timeout(patience(60_000)) })) {
    if (frame.type === 'snapshot') live = frame.live;
    if (frame.type === 'delta' && live) live = applyDelta(live, frame.live);
    if (live?.host.windows) break;
  }
  expect(live?.host).toMatchObject({
    wsl: true,
    windows: { free: 3 * GiB, machines: [{ name: 'vmmemWSL', memory: 6.5 * GiB, since: Date.parse('2026-10-04T10:07:04.123Z') }] },
  });
  expect(vm.calls().split('\n').filter(call => call.startsWith('powershell.exe'))).toHaveLength(1); // biome-ignore format: short
});

it('after the last service fell asleep the page cache of the VM is dropped, and events tell what that brought', async () => {
  const [brief] = services;
  if (!brief) throw new Error('no service');
  expect(await get(brief)).toMatchObject({ status: 200 });
  await until('it is asleep', async () => (await viewIn(own, folder, 'brief')).state === 'asleep');
  const events = async () => (await own.ask<{ notices: LoggedNotice[] }>(['events'], { cwd: folder })).notices;
  const reported = await until('it is told', async () => (await events()).find(({ kind }) => kind === 'reclaimed'));
  expect(reported).toMatchObject({ level: 'info', text: 'Gave 3 GB of file cache back to Windows (MemFree was 1.9 GB, is 4 GB).' });
  const written = ['drop_caches', 'compact_memory'].map(name => readFileSync(join(vm.root, 'proc/sys/vm', name), 'utf8'));
  expect(written).toEqual(['1', '1']);
});
