import { describe, expect, test } from 'vitest';
import { nextDeadline } from '../../daemon/scheduler/decide.js';
import { intentOf } from '../../daemon/scheduler/state/restore.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from './support/driver.js';
import { containerOf, never, running, shop } from './support/shop.js';
import { observed, policy, project } from './support/specs.js';

describe('down', () => {
  test('stops dependants first, removes the containers, then the networks, and forgets the project', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.settle()).toEqual(['persist', 'stop api', 'stop db', 'remove api', 'remove db', 'clearProject', 'persist']);
    expect(driver.world.projects.size).toBe(0);
    expect(driver.world.services.size).toBe(0);
  });

  test('during a launch waits for the engine, then stops what it made', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(shop);
    driver.send({ kind: 'imageReady', id: 'shop/db', attempt: 1 });
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.state('shop/db').kind).toBe('starting');
    driver.send({ kind: 'launched', id: 'shop/db', attempt: 1, container: observed(shop.services[1] ?? never()) });
    expect(driver.kinds()).toContain('stop db');
    expect(driver.settle()).toContain('clearProject');
    expect(driver.world.services.size).toBe(0);
  });

  test('and up again: what failed late for the old start does not fail the new one', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(shop);
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.send({ kind: 'projectCleared', project: 'shop', failure: null });
    driver.up(shop);
    const failed = { code: 'image-missing', message: 'no such image', details: {}, remedies: ['pull'] } as const;
    driver.send({ kind: 'startFailed', id: 'shop/db', attempt: 1, failure: failed, container: null, running: false });
    expect(driver.state('shop/db').kind).toBe('pending');
  });

  test('is overtaken by a later up: last intent wins', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.up(shop);
    driver.settle();
    expect(driver.state('shop/api').kind).toBe('running');
    expect(driver.state('shop/db').kind).toBe('running');
  });
});

describe('an action during a down', () => {
  const kept = (driver: Driver) => intentOf(driver.world);

  test('start: the project stays, for the next daemon too, with what was asked for', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: true });
    expect(driver.act({ kind: 'start', project: 'shop', services: ['db'] }).ok).toBe(true);
    expect(kept(driver)).toMatchObject([{ up: ['db'], leaving: null }]);
    expect(driver.settle()).not.toContain('clearProject');
    expect(driver.state('shop/db').kind).toBe('running');
    expect(driver.world.services.get('shop/api')).toMatchObject({ desired: 'down', container: null });
  });

  test('start: what the down has removed already is known again, as a dependency too', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.send({ kind: 'stopped', id: 'shop/api', container: containerOf(driver, 'shop/api'), exit: null });
    driver.send({ kind: 'removed', id: 'shop/api', container: containerOf(driver, 'shop/api') });
    expect(driver.world.services.has('shop/api')).toBe(false);
    expect(driver.act({ kind: 'start', project: 'shop', services: ['api'] })).toMatchObject({
      ok: true,
      plan: { starts: [{ id: 'shop/api' }, { id: 'shop/db' }] },
    });
    driver.settle();
    expect(driver.state('shop/api').kind).toBe('running');
  });

  test('stop: the down is finished all the same', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.act({ kind: 'stop', project: 'shop', services: ['db'] }).ok).toBe(true);
    driver.settle();
    expect(driver.world.projects.size).toBe(0);
  });
});

test('what never becomes healthy is stopped, then failed, and gives its grant back', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(project('p', { db: {} }));
  driver.send({ kind: 'imageReady', id: 'p/db', attempt: 1 });
  const db = driver.world.services.get('p/db')?.spec ?? never();
  driver.send({ kind: 'launched', id: 'p/db', attempt: 1, container: observed(db) });
  const unhealthy = { code: 'unhealthy', message: 'not healthy', details: {}, remedies: ['look'] } as const;
  driver.send({ kind: 'startFailed', id: 'p/db', attempt: 1, failure: unhealthy, container: 'c-db', running: true });
  expect(driver.state('p/db').kind).toBe('stopping');
  driver.settle();
  expect(driver.state('p/db')).toMatchObject({ kind: 'failed', failure: unhealthy });
});

describe('what the engine does not answer to', () => {
  const silence = { code: 'engine-timeout', message: 'no answer', details: {}, remedies: ['wait'] } as const;
  const leaving = () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(project('p', { db: {} }));
    driver.settle();
    driver.act({ kind: 'down', project: 'p', volumes: false });
    driver.send({ kind: 'stopped', id: 'p/db', container: 'db-1', exit: null });
    return driver;
  };

  test('a removal is given again after a pause, and nothing is forgotten before', () => {
    const driver = leaving();
    driver.send({ kind: 'removeFailed', id: 'p/db', container: 'db-1', failure: silence });
    expect(driver.steps).toEqual([]);
    driver.now = nextDeadline(driver.world, driver.policy) ?? 0;
    expect(driver.now).toBe(5_000);
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['remove db']);
    driver.send({ kind: 'removed', id: 'p/db', container: 'db-1' });
    driver.send({ kind: 'projectCleared', project: 'p', failure: silence });
    expect(driver.world.projects.size).toBe(1);
    driver.now = nextDeadline(driver.world, driver.policy) ?? 0;
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['clearProject']);
    driver.send({ kind: 'projectCleared', project: 'p', failure: null });
    expect(driver.world.projects.size).toBe(0);
  });

  test('a removal that is refused is not: the service is let go, and that is said', () => {
    const driver = leaving();
    driver.send({ kind: 'removeFailed', id: 'p/db', container: 'db-1', failure: { ...silence, code: 'engine-error' } });
    expect(driver.notices).toMatchObject([
      { level: 'warn', kind: 'removed', data: { reason: 'refused', cause: { code: 'engine-error' } } },
    ]);
    expect(driver.kinds()).toEqual(['clearProject']);
  });

  test('no deadline comes while there is no engine: it would come again and again', () => {
    const driver = running(project('p', { db: { restart: { policy: 'always', maxRetries: null } } }));
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 1 } });
    expect(nextDeadline(driver.world, driver.policy)).toBe(500);
    driver.send({ kind: 'engineLost' });
    expect(nextDeadline(driver.world, driver.policy), 'the patience of who may wait').toBe(driver.policy.patience);
    driver.now = driver.policy.patience;
    driver.send({ kind: 'tick' });
    expect(nextDeadline(driver.world, driver.policy)).toBeNull();
  });
});

test('a stop that the engine cannot do is tried again after a pause, its grant held all the while', () => {
  const driver = running(project('p', { db: {} }));
  driver.act({ kind: 'stop', project: 'p', services: ['db'] });
  const failed = { code: 'engine-timeout', message: 'no answer', details: {}, remedies: ['wait'] } as const;
  driver.send({ kind: 'stopFailed', id: 'p/db', container: 'db-1', failure: failed });
  expect(driver.state('p/db')).toMatchObject({ kind: 'stopping', grant: 200 * MiB });
  driver.now = nextDeadline(driver.world, driver.policy) ?? 0;
  expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['stop db']);
});
