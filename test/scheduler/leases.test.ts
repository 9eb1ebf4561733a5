import { expect, test } from 'vitest';
import type { ServiceId } from '../../daemon/model/spec.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { containerSpec } from './specs.js';
import { Driver } from './support/driver.js';
import { policy, project } from './support/specs.js';

const port = (host: number) => containerSpec({ ports: [{ hostIp: '127.0.0.1', host, container: 80, protocol: 'tcp' }] });
const shop = project('shop', {
  api: { start: 'on-demand', idle: 60_000, container: port(1), dependsOn: ['db'] },
  db: { start: 'on-demand', idle: 60_000, container: port(2) },
});
const DB: ServiceId = 'shop/db';

function ready(): Driver {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(shop);
  driver.settle();
  return driver;
}
const lease = (id: string, services: readonly string[], ttl: number | null, holder: 'pin' | 'client' = 'client') =>
  ({ kind: 'lease', id, project: 'shop', services, holder, ttl, note: 'laptop-dev run (npm test)' }) as const;
/** Time passes, and what is due happens. */
function pass(driver: Driver, ms: number): void {
  driver.now += ms;
  driver.send({ kind: 'tick' });
  driver.settle();
}

test('a lease wakes its services with what they depend on, and holds just those', () => {
  const driver = ready();
  expect(driver.act(lease('lease-01', ['api'], 300_000))).toMatchObject({ ok: true, plan: { starts: [{ id: 'shop/api' }, { id: DB }] } });
  driver.settle();
  expect([driver.state('shop/api').kind, driver.state(DB).kind]).toEqual(['running', 'running']);
  pass(driver, 120_000);
  expect(driver.state('shop/api').kind).toBe('running');
});

test('when it has run out the idle time begins, not before', () => {
  const driver = ready();
  driver.act(lease('lease-01', ['db'], 300_000));
  driver.settle();
  pass(driver, 299_000);
  pass(driver, 2_000);
  expect([driver.state(DB).kind, driver.world.leases.size]).toEqual(['running', 0]);
  pass(driver, 59_000);
  expect(driver.state(DB).kind).toBe('running');
  pass(driver, 2_000);
  expect(driver.state(DB).kind).toBe('asleep');
});

test('renewed it lasts; one that ran out is not found', () => {
  const driver = ready();
  driver.act(lease('lease-01', ['db'], 30_000));
  driver.settle();
  for (let round = 0; round < 20; round++) {
    pass(driver, 20_000);
    expect(driver.act({ kind: 'renew', id: 'lease-01', ttl: 30_000 })).toMatchObject({ ok: true });
  }
  expect(driver.state(DB).kind).toBe('running');
  pass(driver, 31_000);
  expect(driver.act({ kind: 'renew', id: 'lease-01', ttl: 30_000 })).toMatchObject({ ok: false, failure: { code: 'not-found' } });
});

test('a plan that is refused leaves no lease', () => {
  const driver = new Driver(policy(150)).boot();
  driver.up(shop);
  driver.settle();
  expect(driver.act(lease('lease-01', ['api'], 30_000))).toMatchObject({ ok: false, failure: { code: 'over-budget' } });
  expect(driver.world.leases.size).toBe(0);
});

test('pinned is never put to sleep for another; unpinned it is', () => {
  const tight = project('shop', {
    low: { start: 'on-demand', idle: 600_000, container: port(1), priority: 10 },
    high: { start: 'on-demand', idle: 600_000, container: port(2), priority: 90 },
  });
  const driver = new Driver(policy(150)).boot();
  driver.up(tight);
  driver.settle();
  driver.act(lease('pin-01', ['low'], null, 'pin'));
  driver.settle();
  driver.now += 500_000;
  driver.send({ kind: 'wakeRequested', id: 'shop/high' });
  expect(driver.state('shop/low').kind).toBe('running');
  const refused = driver.act({ kind: 'start', project: 'shop', services: ['high'] });
  expect(refused).toMatchObject({ ok: false, failure: { details: { holders: [{ service: 'low', keptBecause: 'pinned' }] } } });
  driver.act({ kind: 'unpin', project: 'shop', services: ['low'] });
  pass(driver, 1_000);
  expect([driver.state('shop/low').kind, driver.state('shop/high').kind]).toEqual(['asleep', 'running']);
});

test('a stop by the user takes its pin away', () => {
  const driver = ready();
  driver.act(lease('pin-01', ['api', 'db'], null, 'pin'));
  driver.settle();
  driver.act({ kind: 'stop', project: 'shop', services: ['api'] });
  driver.settle();
  expect([...driver.world.leases.values()].map(({ services }) => services)).toEqual([['db']]);
});

test('a lower budget takes bursts and the idle; what it cannot take refuses it, with nothing changed', () => {
  const driver = ready();
  driver.act({ kind: 'start', project: 'shop', services: ['db'] });
  driver.settle();
  expect(driver.state(DB)).toMatchObject({ kind: 'running', grant: 200 * MiB });
  expect(driver.act({ kind: 'budget', bytes: 120 * MiB })).toMatchObject({ ok: false, failure: { code: 'over-budget' } });
  expect(driver.world.budget).toBeNull();
  const host = { at: 0, total: 16_000 * MiB, available: 8_000 * MiB, psi: null, swapIn: null, refaults: null };
  const container = driver.world.services.get(DB)?.container ?? '';
  driver.send({ kind: 'sampled', services: [{ id: DB, container, workingSet: 40 * MiB, cpu: 0 }], host });
  expect(driver.act({ kind: 'budget', bytes: 120 * MiB })).toMatchObject({
    ok: true,
    plan: { shrinks: [{ id: DB, to: 120 * MiB }], budget: 120 * MiB },
  });
  driver.settle();
  expect(driver.state(DB)).toMatchObject({ kind: 'running', grant: 120 * MiB });
  expect(driver.act({ kind: 'start', project: 'shop', services: ['api'] })).toMatchObject({ ok: false });
  expect(driver.act({ kind: 'budget', bytes: null })).toMatchObject({ ok: true, plan: { budget: 1_000 * MiB } });
});
