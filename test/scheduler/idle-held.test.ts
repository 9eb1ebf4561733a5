import { expect, test } from 'vitest';
import { memoryHoldersOf } from '../../daemon/scheduler/eviction/holders.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import { containerSpec } from './specs.js';
import type { Driver } from './support/driver.js';
import { never, running } from './support/shop.js';
import { project } from './support/specs.js';

const ID = 'shop/db';
const IDLE = 60_000;
const container = containerSpec({ ports: [{ hostIp: '127.0.0.1', host: 15432, container: 5432, protocol: 'tcp' }] });
const shop = project('shop', { db: { idle: IDLE, protocol: 'postgres', container } });

/** What the daemon cannot see in the bytes, because the kernel carries them. */
function shown(driver: Driver) {
  const entry = driver.world.services.get(ID) ?? never();
  const { state, why, stopsIn } = viewOf(driver.world, entry, driver.now);
  return { state, why, stopsIn, protectedBy: memoryHoldersOf(driver.world, driver.now)[0]?.protectedBy };
}

function after(driver: Driver, ms: number): void {
  driver.now += ms;
  driver.send({ kind: 'tick' });
  driver.settle();
}

test('what the service says to be under way keeps it up and is the reason shown, until it is asked again', () => {
  const driver = running(shop);
  driver.held.set(ID, 'PostgreSQL has sessions: 1 idle in a transaction');
  after(driver, IDLE);
  const why = 'part of profile test; held awake: PostgreSQL has sessions: 1 idle in a transaction';
  expect(shown(driver)).toEqual({ state: 'running', why, stopsIn: null, protectedBy: driver.held.get(ID) });
  after(driver, IDLE);
  expect(shown(driver).why).toBe(why);
  driver.held.clear();
  after(driver, IDLE - 1);
  expect(shown(driver).why).toBe(why);
  after(driver, 1);
  expect(shown(driver).state).toBe('asleep');
});

test('bytes that flow through the kernel keep it from being stopped for another, and its idle time goes on', () => {
  const driver = running(shop);
  const use = { id: ID, connections: 1, holding: false, execs: 0, lastByteAt: 0 } as const;
  driver.send({ kind: 'used', uses: [{ ...use, moving: true }] });
  expect(shown(driver)).toMatchObject({ stopsIn: IDLE, protectedBy: 'is in use just now' });
  driver.send({ kind: 'used', uses: [{ ...use, moving: false }] });
  expect(shown(driver)).toMatchObject({ stopsIn: IDLE, protectedBy: 'is wanted just now' });
  driver.now += 1;
  expect(shown(driver)).toMatchObject({ stopsIn: IDLE - 1, protectedBy: null });
});
