import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import { engine, inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { complaint, type Sleeper, sleepers } from './support/sleepers.js';
import { type Done, idsOf, noticesIn, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

let own: Home;
let cwd: string;
let web: Sleeper;
let id: string;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_RELIST: '1s', LAPTOP_DEV_BUDGET: '128MB' });
  const made = await sleepers(own, 'outside', { web: { memory: '{ standard: 32MB, maximum: 64MB }', idle: '1h' } });
  [web] = made.services as [Sleeper];
  cwd = made.folder;
  expect(await complaint(web)).toBeNull();
  ({ web: id = '' } = await idsOf(own, basename(cwd)));
});
afterAll(() => own?.close());

const limit = async () => (await inspect(id)).HostConfig.Memory / MiB;
const update = (mb: number) => engine('POST', `/containers/${id}/update`, { Memory: mb * MiB, MemorySwap: mb * MiB });
const noticesOf = async (kind: string) => (await noticesIn(own, basename(cwd))).filter(notice => notice.kind === kind);

describe.sequential('a container whose limit is changed past laptop-dev', () => {
  it.each([
    ['raised', 256],
    ['lowered', 16],
  ])('%s: its grant is put back, since the budget rests on it, and that is said', async (_how, mb) => {
    expect(await limit()).toBe(64);
    await update(mb);
    await until('it has its limit again', async () => (await limit()) === 64);
    const data = { reason: 'changed-by-hand', found: mb * MiB, restored: 64 * MiB };
    await until('that was said', async () => (await noticesOf('resized')).some(notice => isDeepStrictEqual(notice.data, data)));
    const { state, memory, container } = await until('it is shown', async () => {
      const view = await viewIn(own, cwd, 'web');
      return view.memory.grant === 64 * MiB ? view : null;
    });
    expect({ state, maximum: memory.maximum, container }).toEqual({ state: 'running', maximum: 64 * MiB, container: id });
  });

  it('while no daemon runs: the next one puts it back into what its definition allows', async () => {
    await own.ask(['daemon', 'stop']);
    await update(256);
    await own.ask(['daemon', 'start']);
    await until('it has its limit again', async () => (await limit()) === 64);
    await until('it is shown', async () => (await viewIn(own, cwd, 'web')).memory.grant === 64 * MiB);
  });
});

describe.sequential('a container that is renamed past laptop-dev', () => {
  it('is ours all the same, by id and label: for connections, exec, a new daemon, restart, and up', async () => {
    await engine('POST', `/containers/${id}/rename?name=${own.name}-other`);
    expect(await complaint(web)).toBeNull();
    expect((await own.cli(['exec', 'web', 'true'], { cwd })).code).toBe(0);
    await own.ask(['daemon', 'stop']);
    await own.ask(['daemon', 'start']);
    expect(await viewIn(own, cwd, 'web')).toMatchObject({ state: 'running', container: id });
    await own.ask(['restart', 'web'], { cwd });
    const { plan } = await own.ask<Done>(['up'], { cwd });
    expect(plan).toMatchObject({ stops: [] });
    expect(await complaint(web)).toBeNull();
    expect(await own.containers()).toHaveLength(1);
  });

  it('has its usual name again when it is made anew, and down takes it', async () => {
    await own.ask(['up', '--recreate'], { cwd });
    expect(await complaint(web)).toBeNull();
    const [made] = await own.containers();
    expect((await inspect(made?.Id ?? '')).Name).toBe(`/${basename(cwd)}-web-1`);
    await engine('POST', `/containers/${made?.Id}/rename?name=${own.name}-another`);
    await own.ask(['down'], { cwd });
    expect(await own.leftovers()).toEqual([]);
  });
});
