import { describe, expect, test } from 'vitest';
import type { LiveUsage } from '../../daemon/api/live.js';
import type { ServiceId } from '../../daemon/model/spec.js';
import { memoryHoldersOf } from '../../daemon/scheduler/eviction/holders.js';
import { pressureVictim } from '../../daemon/scheduler/eviction/pressure.js';
import type { UseSeen } from '../../daemon/scheduler/state/event.js';
import { type LiveSources, liveBudget, liveServices, withUses } from '../../daemon/scheduler/views/live-view.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { HOUSEHOLD, sleeper } from './support/households.js';
import { rivals, sleeping, tickAt, wake } from './support/sleepy.js';
import { policy, project } from './support/specs.js';

const POLICY = policy(2_000);
const USAGE: LiveUsage = {
  workingSet: 50 * MiB,
  usage: 80 * MiB,
  cpu: 1,
  netIn: 0,
  netOut: 0,
  blockIn: 0,
  blockOut: 0,
  pids: 3,
  psi: null,
};
const BESIDE: LiveSources = { usage: () => USAGE, wallOf: (_, moment) => 1_000_000 + moment, withNextUp: view => view };

function seen(driver: Driver, beside: Partial<LiveSources> = {}, uses: readonly UseSeen[] = []) {
  const world = withUses(driver.world, uses, driver.now);
  return liveServices(world, { ...BESIDE, ...beside }, POLICY, driver.now);
}
const pick = (driver: Driver, id: ServiceId, uses: readonly UseSeen[] = []) => seen(driver, {}, uses).find(each => each.id === id);
const use = (id: ServiceId, change: Partial<UseSeen>): UseSeen => ({
  id,
  connections: 0,
  holding: false,
  moving: false,
  execs: 0,
  lastByteAt: null,
  ...change,
});

describe('who goes next', () => {
  test('the first is whom hard pressure stops, and so on down to those that are protected', () => {
    const driver = sleeping(HOUSEHOLD[1], 2_000);
    for (const id of ['lab/llm', 'lab/notes', 'lab/search', 'lab/index'] as const) wake(driver, id);
    tickAt(driver, 20_000);
    const ranked = seen(driver).filter(({ next }) => next !== null);
    expect(ranked.length).toBeGreaterThanOrEqual(2);
    for (let rank = 1; rank <= ranked.length; rank++) {
      const victim = pressureVictim('hard', memoryHoldersOf(driver.world, driver.now), POLICY.relief, driver.now);
      const service = seen(driver).find(({ next }) => next?.rank === 1);
      expect(service?.id).toBe(victim);
      expect(ranked.find(({ next }) => next?.rank === rank)?.id).toBe(victim);
      expect(service?.next?.frees).toBe(service?.memory.grant);
      // It goes.
      const services = new Map(driver.world.services);
      services.delete(victim ?? 'a/b');
      driver.world = { ...driver.world, services };
    }
  });

  test('idle ones come before all others, whatever their priority', () => {
    const spec = project('shop', { high: sleeper(3000, 60, { priority: 90 }), low: sleeper(3001, 600, { priority: 10 }) });
    const driver = sleeping(spec);
    wake(driver, 'shop/high');
    wake(driver, 'shop/low');
    driver.now += 1;
    expect([pick(driver, 'shop/high')?.next?.rank, pick(driver, 'shop/low')?.next?.rank]).toEqual([2, 1]);
    driver.now = 90_000;
    expect([pick(driver, 'shop/high')?.next?.rank, pick(driver, 'shop/low')?.next?.rank]).toEqual([1, 2]);
  });

  test('what is pinned, in use or cannot sleep says why it stays, and has no rank', () => {
    const driver = sleeping(project('shop', { api: sleeper(3000, 60), db: sleeper(5432, 60), worker: {} }));
    wake(driver, 'shop/api');
    wake(driver, 'shop/db');
    driver.act({ kind: 'lease', id: 'pin-1', project: 'shop', services: ['db'], holder: 'pin', ttl: null, note: 'pin' });
    driver.act({ kind: 'lease', id: 'run-1', project: 'shop', services: ['api'], holder: 'client', ttl: 60_000, note: 'npm test' });
    driver.settle();
    const shown = seen(driver).map(({ name, next, protectedBy, pinned }) => [name, next, protectedBy, pinned]);
    expect(shown).toEqual([
      ['api', null, 'leased by npm test', false],
      ['db', null, 'pinned', true],
      ['worker', null, 'never sleeps: no connection could wake it', false],
    ]);
  });

  test('what sleeps holds nothing: neither rank nor reason', () => {
    const driver = sleeping(rivals);
    expect(seen(driver).map(({ state, next, protectedBy, usage, since }) => [state, next, protectedBy, usage, since])).toEqual([
      ['asleep', null, null, null, null],
      ['asleep', null, null, null, null],
    ]);
  });
});

describe('a service that runs', () => {
  test('has its figures, its start by the wall clock and its address', () => {
    const driver = sleeping();
    driver.now = 5_000;
    wake(driver, 'shop/db');
    expect(pick(driver, 'shop/db')).toMatchObject({ usage: USAGE, since: 1_005_000, address: null, memory: { workingSet: 50 * MiB } });
    const services = [...driver.world.services].map(
      ([id, entry]) => [id, { ...entry, address: { ip: '172.18.0.2', ports: [], pid: 7 } }] as const,
    );
    driver.world = { ...driver.world, services: new Map(services) };
    expect(pick(driver, 'shop/db')?.address).toBe('172.18.0.2');
    expect(pick(driver, 'shop/api')?.address).toBeNull();
  });

  test('counts the connections just seen, and nothing of the world is changed by looking', () => {
    const driver = sleeping();
    wake(driver, 'shop/db');
    driver.now = 100_000;
    const before = driver.world;
    const uses = [use('shop/db', { connections: 4, lastByteAt: 99_500 }), use('shop/gone', {})];
    expect(pick(driver, 'shop/db', uses)).toMatchObject({ connections: 4, stopsIn: 120_000 });
    expect(pick(driver, 'shop/db', [use('shop/db', { holding: true })])).toMatchObject({ next: null, stopsIn: null });
    expect(driver.world).toBe(before);
    expect(pick(driver, 'shop/db')).toMatchObject({ connections: 0, stopsIn: 20_000 });
  });

  test('tells its end in whole seconds, so that it does not change with each look', () => {
    const driver = sleeping();
    wake(driver, 'shop/db');
    const reported = [1, 250, 999, 1_000, 1_001, 119_500, 120_000, 130_000].map(now => {
      driver.now = now;
      return pick(driver, 'shop/db')?.stopsIn;
    });
    expect(reported).toEqual([120_000, 120_000, 120_000, 119_000, 119_000, 1_000, 0, 0]);
  });
});

test('the sums of the budget are those of who holds a grant', () => {
  const driver = sleeping(rivals);
  wake(driver, 'lab/one');
  expect(liveBudget(300 * MiB, seen(driver))).toEqual({
    budget: 300 * MiB,
    granted: 200 * MiB,
    standard: 200 * MiB,
    workingSet: 50 * MiB,
  });
});
