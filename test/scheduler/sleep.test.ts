import { describe, expect, test } from 'vitest';
import { PLAIN_ACTIVATION } from '../../daemon/model/spec.js';
import { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { never } from './support/shop.js';
import { asleep, sleeping, sleepyShop, tickAt, use, wake } from './support/sleepy.js';
import { observed, policy, project } from './support/specs.js';

describe('up', () => {
  test('starts what is eager; what is on demand listens and sleeps', () => {
    const driver = new Driver(policy(1_000)).boot();
    const spec = project('p', { web: sleeper(3000, 60), worker: {} });
    expect(driver.up(spec)).toMatchObject({ ok: true, plan: { starts: [{ id: 'p/worker' }], sleeps: ['p/web'] } });
    expect(driver.settle()).toEqual(['persist', 'openListeners', 'ensureImage worker', 'launch worker', 'probe worker']);
    expect(asleep(driver, 'p/web')).toBe(true);
  });

  test('of a service by name starts it, on demand or not', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(sleepyShop, ['db']);
    driver.settle();
    expect(driver.state('shop/db').kind).toBe('running');
    expect(driver.world.services.get('shop/api')?.desired).toBe('down');
  });
});

describe('a connection', () => {
  test('wakes a service, after what it depends on', () => {
    const driver = sleeping();
    expect(wake(driver, 'shop/api').filter(step => step.startsWith('launch'))).toEqual(['launch db', 'launch api']);
    expect(driver.state('shop/api').kind).toBe('running');
  });

  test('joins a start that is under way', () => {
    const driver = sleeping();
    driver.send({ kind: 'wakeRequested', id: 'shop/db' });
    driver.send({ kind: 'wakeRequested', id: 'shop/db' });
    expect(driver.steps).toEqual([]);
    expect(driver.settle().filter(step => step === 'launch db')).toHaveLength(1);
  });

  test('to what was stopped by the user wakes nothing', () => {
    const driver = sleeping();
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    expect(wake(driver, 'shop/db').filter(step => step.startsWith('launch'))).toEqual([]);
  });

  test('that comes while a service stops waits for the exit, then it starts again', () => {
    const driver = sleeping();
    wake(driver, 'shop/db');
    driver.now = 120_000;
    driver.send({ kind: 'tick' });
    const container = driver.world.services.get('shop/db')?.container ?? never();
    const seen = { id: 'shop/db' as const, connections: 0, holding: false, moving: false, execs: 0, lastByteAt: null };
    driver.send({ kind: 'useChecked', id: 'shop/db', container, seen, busy: false, vetoed: false, heldBy: null });
    expect(driver.kinds()).toEqual(['stop db']);
    driver.send({ kind: 'wakeRequested', id: 'shop/db' });
    expect(driver.steps).toEqual([]);
    driver.send({ kind: 'stopped', id: 'shop/db', container, exit: { code: 0, oom: false } });
    expect(driver.kinds()).toEqual(['launch db']);
  });
});

describe('freezing', () => {
  const frozen = () => {
    const spec = project('p', {
      db: sleeper(5432, 120, { activation: { ...PLAIN_ACTIVATION, freezeAfter: 30_000 } }),
    });
    const driver = sleeping(spec);
    wake(driver, 'p/db');
    expect(tickAt(driver, 30_000)).toEqual(['checkUse db', 'freeze db', 'checkUse db']);
    return driver;
  };

  test('comes before the stop', () => {
    const driver = frozen();
    expect(driver.state('p/db')).toMatchObject({ kind: 'running', frozen: true });
    expect(tickAt(driver, 120_000)).toEqual(['checkUse db', 'stop db']);
    expect(asleep(driver, 'p/db')).toBe(true);
  });

  test('ends with a connection, once however many come', () => {
    const driver = frozen();
    driver.send({ kind: 'wakeRequested', id: 'p/db' });
    expect(driver.kinds()).toEqual(['thaw db']);
    driver.send({ kind: 'wakeRequested', id: 'p/db' });
    expect(driver.kinds()).toEqual([]);
    driver.settle();
    expect(driver.state('p/db')).toMatchObject({ kind: 'running', frozen: false });
  });

  test('ends when a client was faster than the pause', () => {
    const driver = frozen();
    use(driver, 'p/db', { holding: true });
    expect(driver.kinds()).toEqual(['thaw db']);
  });

  test('ends when the user, or what depends on it, needs it', () => {
    const driver = frozen();
    driver.act({ kind: 'start', project: 'p', services: ['db'] });
    expect(driver.kinds()).toContain('thaw db');
  });

  test('that cannot end is a stop and a start', () => {
    const driver = frozen();
    driver.send({ kind: 'wakeRequested', id: 'p/db' });
    const container = driver.world.services.get('p/db')?.container ?? never();
    const failure = { code: 'engine-error', message: 'no', details: {}, remedies: [] } as const;
    driver.send({ kind: 'frozenChanged', id: 'p/db', container, frozen: false, failure });
    expect(driver.kinds()).toEqual(['stop db']);
    driver.send({ kind: 'stopped', id: 'p/db', container, exit: null });
    expect(driver.kinds()).toEqual(['launch db']);
  });
});

describe('listeners', () => {
  test('are due when a project comes and when it goes', () => {
    const driver = sleeping();
    expect(driver.world.projects.get('shop')).toMatchObject({ listeners: { kind: 'open' }, listening: true });
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.kinds()).toContain('openListeners');
  });

  test('answer with the number that was asked last; an older answer is none', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(sleepyShop);
    const serial = driver.stepsOf('openListeners')[0]?.serial ?? never();
    const answer = { kind: 'listenersOpened', project: 'shop', gateways: [], served: [], failures: [] } as const;
    driver.send({ ...answer, serial: serial - 1 });
    expect(driver.world.projects.get('shop')?.listeners.kind).toBe('opening');
    driver.send({ ...answer, serial });
    expect(driver.world.projects.get('shop')?.listeners.kind).toBe('open');
  });

  test('that cannot be opened fail their service, and it is tried again when it is asked for', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(sleepyShop);
    const serial = driver.stepsOf('openListeners')[0]?.serial ?? never();
    const failure = { code: 'port-taken', message: 'port 5432 is taken', details: {}, remedies: [] } as const;
    const failures = [{ id: 'shop/db', failure }] as const;
    driver.send({ kind: 'listenersOpened', project: 'shop', serial, gateways: [], served: [], failures });
    expect(driver.state('shop/db')).toMatchObject({ kind: 'failed', failure: { code: 'port-taken' } });
    driver.send({ kind: 'wakeRequested', id: 'shop/db' });
    expect(driver.state('shop/db').kind).not.toBe('failed');
  });
});

test('what runs when the daemon starts is awake, and its silence begins anew', () => {
  const driver = new Driver(policy(1_000));
  driver.now = 500_000;
  driver.send({ kind: 'restored', projects: [{ spec: sleepyShop, up: ['api', 'db'], restart: [], recreate: [], leaving: null }] });
  driver.boot(observed(sleepyShop.services[1] ?? never()));
  driver.settle();
  expect(driver.state('shop/db').kind).toBe('running');
  expect(asleep(driver, 'shop/api')).toBe(true);
  expect(tickAt(driver, 600_000)).toEqual([]);
  expect(tickAt(driver, 620_000)).toEqual(['checkUse db', 'stop db']);
});
