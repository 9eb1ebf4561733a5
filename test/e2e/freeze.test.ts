import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import { byGear } from '../support/deep.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, statesIn, tinyHome, viewIn } from './support/tiny.js';
import { patience, until } from './support/until.js';

let own: Home;
let folder: string;
let services: Record<'brief' | 'dear' | 'plain' | 'other', Sleeper>;

beforeAll(async () => {
  // Room for two. Whoever runs may be stopped at once, in use or not: what decides is who goes first.
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '128MB', LAPTOP_DEV_MIN_UPTIME: '0s', LAPTOP_DEV_EQUAL_IDLE: '0s' });
  const memory = '{ standard: 64MB, maximum: 64MB }';
  const made = await sleepers(own, 'freeze', {
    brief: { memory, idle: '{ freezeAfter: 1s, stopAfter: 4s }' },
    dear: { memory, idle: '{ freezeAfter: 1s, stopAfter: 10m }', priority: 90 },
    plain: { memory, idle: '10m', priority: 10 },
    other: { memory, idle: '10m', priority: 95 },
  });
  folder = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(() => own?.close());

const stateOf = (name: string) => viewIn(own, folder, name).then(({ state }) => state);
const becomes = (name: string, state: string) => until(`${name} is ${state}`, async () => (await stateOf(name)) === state);
const containerOf = async (name: string) => inspect((await idsOf(own, `${own.name}-freeze`))[name] ?? '');

describe.sequential('a service that is frozen before it is stopped', () => {
  it('is frozen after its time, as ps says, and counts fully in the budget', async () => {
    expect(await get(services.brief)).toMatchObject({ status: 200, body: 'brief' });
    await becomes('brief', 'frozen');
    expect((await containerOf('brief')).State).toMatchObject({ Running: true, Paused: true });
    const { memory, stopsIn } = await viewIn(own, folder, 'brief');
    expect(memory.grant).toBe(64 * MiB);
    expect(stopsIn).toSatisfy((ms: number) => ms > 0 && ms <= 3_000);
    const budget = await own.client.budget();
    expect(budget).toMatchObject({ granted: 64 * MiB, holders: [{ service: 'brief', state: 'frozen' }] });
  });

  it('goes on with its next connection, which is answered at once: the same process', async () => {
    expect(await get(services.dear)).toMatchObject({ status: 200 });
    const before = (await containerOf('dear')).State;
    const waits: number[] = [];
    for (let turn = 0; turn < byGear({ deep: 3, usual: 2, fast: 2 }); turn++) {
      await becomes('dear', 'frozen');
      const { status, body, ms } = await get(services.dear);
      expect([status, body]).toEqual([200, 'dear']);
      waits.push(ms);
    }
    console.log(`freeze: thawed and answered in ${waits.map(ms => Math.round(ms)).join(', ')} ms`);
    // A start takes several times as long: test/bench/wake has the figures.
    expect(Math.min(...waits)).toBeLessThan(patience(250));
    const { Pid, StartedAt, Paused } = (await containerOf('dear')).State;
    expect({ Pid, StartedAt, Paused }).toEqual({ Pid: before.Pid, StartedAt: before.StartedAt, Paused: false });
  });

  it('falls asleep when its second time is over, and wakes as any other', async () => {
    await becomes('brief', 'asleep');
    expect((await containerOf('brief')).State).toMatchObject({ Running: false });
    expect(await get(services.brief)).toMatchObject({ status: 200, body: 'brief' });
    await becomes('brief', 'asleep');
  });

  it('is the first to go when another needs memory, whatever its priority', async () => {
    expect(await get(services.plain)).toMatchObject({ status: 200 });
    await becomes('dear', 'frozen');
    expect(await get(services.other)).toMatchObject({ status: 200, body: 'other' });
    expect(await statesIn(own, folder)).toEqual(['brief asleep', 'dear asleep', 'other running', 'plain running']);
    expect((await own.cli(['events'], { cwd: folder })).stdout).toMatch(/ dear +stopping +falls asleep: makes room for .*other/);
  });
});
