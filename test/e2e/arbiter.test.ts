import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelLimit } from '../../daemon/engine/containers/kernel-limit.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Failure } from '../../daemon/shared/failure.js';
import { detailsOf } from '../support/failures.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { oomKillsIn } from './support/oom-kills.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, statesIn, tinyHome, viewIn } from './support/tiny.js';
import { patience, until } from './support/until.js';

/** What a refusal for lack of room tells, with the services that hold memory. */
function refusalIn(error: Failure) {
  const details = detailsOf(error, 'over-budget');
  return { ...details, holders: details.holders.flatMap(each => ('service' in each ? [each] : [])) };
}

/** A limit is lowered in steps, which a slow host must have the time for. */
const PATIENCE = patience(3_000);

let own: Home;
let folder: string;
let services: Record<'grower' | 'hog' | 'small', Sleeper>;

beforeAll(async () => {
  // Nobody is evicted: what moves is limits.
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '320MB', LAPTOP_DEV_PATIENCE: `${PATIENCE}ms`, LAPTOP_DEV_MIN_UPTIME: '1h' });
  const made = await sleepers(own, 'arbiter', {
    grower: { memory: '{ standard: 64MB, maximum: 256MB }', idle: '10m' },
    hog: { memory: '{ standard: 192MB, maximum: 192MB }', idle: '1s' },
    small: { memory: '{ standard: 160MB, maximum: 160MB }', idle: '1s' },
  });
  folder = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(() => own?.close());

/** The hard limit in MB, as the engine has it; the kernel has the same. */
async function limitOf(name: string): Promise<number> {
  const ids = await idsOf(own, `${own.name}-arbiter`);
  const { Id, State, HostConfig } = await inspect(ids[name] ?? '');
  const { Memory, MemorySwap } = HostConfig;
  expect(MemorySwap).toBe(Memory);
  if (State.Running) expect(kernelLimit(Id, State.Pid)).toBe(Memory);
  return Memory / MiB;
}

const asleep = (name: string) => until(`${name} is asleep`, async () => (await statesIn(own, folder)).includes(`${name} asleep`));

describe.sequential('services whose maxima do not fit into the budget at once', () => {
  it('one that has the budget to itself gets its maximum, and gives it back when another is woken', async () => {
    expect(await get(services.grower)).toMatchObject({ status: 200 });
    expect(await limitOf('grower')).toBe(256);
    expect(await get(services.hog)).toMatchObject({ status: 200, body: 'hog' });
    expect([await limitOf('grower'), await limitOf('hog')]).toEqual([128, 192]);
  });

  it('a working set that comes near its limit gets more, up to what it needs', async () => {
    await asleep('hog');
    const { code } = await own.cli(['exec', 'grower', 'dd', 'if=/dev/zero', 'of=/eat/it', 'bs=1M', 'count=118'], { cwd: folder });
    expect(code).toBe(0);
    const grown = await until('its limit has grown', async () => {
      const limit = await limitOf('grower');
      return limit > 128 ? limit : null;
    });
    // 1.5 × its working set: what it ate and a little of its own.
    expect(grown).toBeGreaterThanOrEqual(177);
    expect(grown).toBeLessThan(185);
    const { memory } = await viewIn(own, folder, 'grower');
    expect(memory.grant).toBe(grown * MiB);
  });

  it('who cannot fit waits, and is told after its patience: need, free, and who holds it; nothing changes', async () => {
    const before = await limitOf('grower');
    const { status, body, ms } = await get(services.hog);
    expect(status).toBe(503);
    expect(ms).toBeGreaterThan(PATIENCE - 100);
    const { error } = JSON.parse(body) as { error: Failure };
    expect(error.code).toBe('over-budget');
    const { need, free, budget, holders } = refusalIn(error);
    expect({ need, free, budget }).toEqual({ need: 192 * MiB, free: (320 - before) * MiB, budget: 320 * MiB });
    expect(holders).toMatchObject([{ service: 'grower', grant: before * MiB, keptBecause: expect.stringMatching(/^up for .* of 1 h/) }]);
    expect(holders[0]?.workingSet).toBeGreaterThanOrEqual(118 * MiB);
    expect(holders[0]?.idleFor).toSatisfy((ms: number) => Number.isInteger(ms) && ms > 0);
    expect(error.remedies.join('\n')).toMatch(/Raise the budget by at least \d+ MB/);
    expect(await limitOf('grower')).toBe(before);
  });

  it('up --dry-run shows the same refusal', async () => {
    const { code, error } = await own.cli(['up', 'hog', '--dry-run', '--json'], { cwd: folder });
    expect(code).toBe(5);
    const { need, free = 0, holders } = refusalIn(error());
    expect({ need, free: free + (await limitOf('grower')) * MiB }).toEqual({ need: 192 * MiB, free: 320 * MiB });
    expect(holders.map(({ service }) => service)).toEqual(['grower']);
  });

  it('what it has grown is clawed back as far as its working set allows', async () => {
    expect(await get(services.small)).toMatchObject({ status: 200, body: 'small' });
    expect([await limitOf('grower'), await limitOf('small')]).toEqual([160, 160]);
    expect(await viewIn(own, folder, 'grower')).toMatchObject({ state: 'running', ooms: 0, crashes: 0 });
    expect(await get(services.grower)).toMatchObject({ status: 200, body: 'grower' });
  });

  it('nobody was killed for memory: no limit was below what was used, neither on the way up nor down', async () => {
    const kills = await oomKillsIn(own);
    expect(kills).toEqual(Object.fromEntries(Object.keys(kills).map(name => [name, 0])));
    const { stdout } = await own.cli(['exec', 'grower', 'sh', '-c', 'wc -c < /eat/it'], { cwd: folder });
    expect(Number(stdout)).toBe(118 * MiB);
  });
});
