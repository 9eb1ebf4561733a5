import { describe, expect, test } from 'vitest';
import type { Driver } from './support/driver.js';
import { asleep, sleeping, tickAt, use, wake } from './support/sleepy.js';

/** The database alone, ready at 0; it is stopped after 120 s. */
function awake(): Driver {
  const driver = sleeping();
  wake(driver, 'shop/db');
  return driver;
}

describe('a service that nobody uses', () => {
  test('is looked at, then stopped', () => {
    const driver = awake();
    expect(tickAt(driver, 119_999)).toEqual([]);
    expect(tickAt(driver, 120_000)).toEqual(['checkUse db', 'stop db']);
    expect(asleep(driver, 'shop/db')).toBe(true);
  });

  test('stays when the look finds a byte', () => {
    const driver = awake();
    driver.bytes.set('shop/db', 100_000);
    expect(tickAt(driver, 120_000)).toEqual(['checkUse db']);
    expect(tickAt(driver, 220_000)).toEqual(['checkUse db', 'stop db']);
  });

  test('stays when its CPU worked', () => {
    const driver = awake();
    driver.busy.add('shop/db');
    expect(tickAt(driver, 120_000)).toEqual(['checkUse db']);
    expect(driver.state('shop/db').kind).toBe('running');
  });

  test('stays while its own command says so, and is asked again a minute later', () => {
    const driver = awake();
    driver.vetoes.add('shop/db');
    expect(tickAt(driver, 120_000)).toEqual(['checkUse db']);
    expect(tickAt(driver, 179_999)).toEqual([]);
    driver.vetoes.clear();
    expect(tickAt(driver, 180_000)).toEqual(['checkUse db', 'stop db']);
  });

  test.each([{ holding: true }, { execs: 1 }])('stays while something holds it: %o', held => {
    const driver = awake();
    use(driver, 'shop/db', held);
    expect(tickAt(driver, 500_000)).toEqual([]);
    use(driver, 'shop/db', {});
    expect(tickAt(driver, 619_999)).toEqual([]);
    expect(tickAt(driver, 620_000)).toEqual(['checkUse db', 'stop db']);
  });

  test('stays when somebody comes while it is looked at', () => {
    const driver = awake();
    driver.now = 120_000;
    driver.send({ kind: 'tick' });
    use(driver, 'shop/db', { holding: true });
    expect(driver.settle()).toEqual(['checkUse db']);
  });
});

describe('a dependency', () => {
  test('that is reached past the daemon stays while its dependant runs', () => {
    const driver = sleeping();
    wake(driver, 'shop/api');
    driver.bytes.set('shop/api', 119_000);
    expect(tickAt(driver, 120_000)).toEqual(['checkUse api']);
    expect(tickAt(driver, 179_000)).toEqual(['checkUse api', 'checkUse db', 'stop api', 'stop db']);
  });

  test('that is reached through the daemon goes by itself', () => {
    const driver = sleeping();
    driver.served = ['api', 'db'];
    driver.act({ kind: 'up', spec: driver.world.projects.get('shop')?.spec as never, services: null, recreate: false });
    driver.settle();
    wake(driver, 'shop/api');
    driver.bytes.set('shop/api', 119_000);
    expect(tickAt(driver, 120_000)).toEqual(['checkUse api', 'checkUse db', 'stop db']);
    expect(driver.state('shop/api').kind).toBe('running');
  });
});

test('a laptop that was asleep stops nobody: all silence begins anew', () => {
  const driver = awake();
  driver.now = 10_000_000;
  driver.send({ kind: 'resumed' });
  expect(driver.settle()).toEqual([]);
  expect(tickAt(driver, 10_119_999)).toEqual([]);
  expect(tickAt(driver, 10_120_000)).toEqual(['checkUse db', 'stop db']);
});
