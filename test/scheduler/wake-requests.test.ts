import { describe, expect, test } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { never } from './support/shop.js';
import { asleep, refusalOf, rivals, sleeping, tickAt, use, wake } from './support/sleepy.js';
import { observed, project } from './support/specs.js';

/** `one` runs since 0, and there is no room beside it. */
function full(): Driver {
  const driver = sleeping(rivals, 300);
  wake(driver, 'lab/one');
  return driver;
}

describe('a request that finds no room', () => {
  test('has one stopped that is not in use, once it has been up for two minutes', () => {
    const driver = full();
    driver.now = 119_000;
    expect(wake(driver, 'lab/two')).toEqual([]);
    expect(tickAt(driver, 120_000)).toEqual(['stop one', 'ensureImage two', 'launch two', 'probe two']);
    expect(driver.world.evictions).toEqual([{ victim: 'lab/one', by: 'lab/two', at: 120_000 }]);
  });

  test('is refused after a minute, with who holds what and why it is kept, and nobody was stopped', () => {
    const driver = full();
    driver.now = 200_000;
    use(driver, 'lab/one', { holding: true });
    expect(wake(driver, 'lab/two')).toEqual([]);
    expect(tickAt(driver, 259_000)).toEqual([]);
    expect(refusalOf(driver, 'lab/two')).toBeNull();
    expect(tickAt(driver, 260_000)).toEqual([]);
    expect(refusalOf(driver, 'lab/two')).toMatchObject({
      code: 'over-budget',
      details: {
        need: 200 * MiB,
        free: 100 * MiB,
        holders: [{ service: 'one', grant: 200 * MiB, idleFor: 60_000, keptBecause: 'an exchange or a transaction is under way' }],
      },
    });
    expect(driver.notices).toMatchObject([{ kind: 'refused', service: 'two' }]);
    expect(driver.state('lab/one').kind).toBe('running');
  });

  test('does not have one stopped for which somebody asks at the same moment: who asked would wait for ever', () => {
    const driver = full();
    driver.now = 119_500;
    driver.send({ kind: 'wakeRequested', id: 'lab/two' });
    driver.now = 120_500;
    driver.send({ kind: 'wakeRequested', id: 'lab/one' });
    expect([driver.kinds(), driver.state('lab/one').kind]).toEqual([[], 'running']);
    expect(tickAt(driver, 200_000)).toContain('stop one');
  });

  test('is asked again each second, not all the time', () => {
    const driver = full();
    driver.now = 10_000;
    driver.send({ kind: 'wakeRequested', id: 'lab/two' });
    expect(driver.world.services.get('lab/two')?.wakeRequest).toEqual({ since: 10_000, until: 70_000, askAt: 11_000 });
  });

  test('has a burst taken back first: nobody is stopped for what a lower limit gives', () => {
    const spec = project('lab', { one: sleeper(4000, 600, { memory: [100, 300] }), two: sleeper(4001, 600, { memory: [150, 150] }) });
    const driver = sleeping(spec, 300);
    wake(driver, 'lab/one');
    expect(driver.state('lab/one')).toMatchObject({ grant: 300 * MiB });
    const container = driver.world.services.get('lab/one')?.container ?? never();
    const host = { at: 0, total: 16_000 * MiB, available: 8_000 * MiB, psi: null, swapIn: null, refaults: null };
    driver.send({ kind: 'sampled', services: [{ id: 'lab/one', container, workingSet: 60 * MiB, cpu: 0 }], host });
    driver.send({ kind: 'wakeRequested', id: 'lab/two' });
    expect(driver.stepsOf('resize')).toMatchObject([{ from: 300 * MiB, to: 150 * MiB }]);
    expect(driver.state('lab/two').kind).toBe('queued');
    driver.settle();
    expect([driver.state('lab/one'), driver.state('lab/two')]).toMatchObject([{ grant: 150 * MiB }, { grant: 150 * MiB }]);
  });
});

describe('one that is queued', () => {
  /** `two` waits for a shrink of `one`, which the kernel refuses. */
  function refusedShrink(): Driver {
    const spec = project('lab', { one: sleeper(4000, 600, { memory: [100, 300] }), two: sleeper(4001, 600, { memory: [150, 150] }) });
    const driver = sleeping(spec, 300);
    wake(driver, 'lab/one');
    const container = driver.world.services.get('lab/one')?.container ?? never();
    const host = { at: 0, total: 16_000 * MiB, available: 8_000 * MiB, psi: null, swapIn: null, refaults: null };
    driver.now = 100_000;
    driver.send({ kind: 'sampled', services: [{ id: 'lab/one', container, workingSet: 60 * MiB, cpu: 0 }], host });
    driver.send({ kind: 'wakeRequested', id: 'lab/two' });
    driver.send({ kind: 'resized', id: 'lab/one', container, grant: 300 * MiB, refused: 'it uses more' });
    return driver;
  }

  test('gets another plan when the first one fails', () => {
    const driver = refusedShrink();
    expect(driver.state('lab/two').kind).toBe('queued');
    driver.now = 120_000;
    driver.send({ kind: 'tick' });
    expect(driver.kinds(), 'by now it may be stopped').toEqual(['stop one']);
  });

  test('is refused after its patience when there is no other: it sleeps on', () => {
    const driver = refusedShrink();
    use(driver, 'lab/one', { holding: true });
    driver.now = 160_000;
    driver.send({ kind: 'tick' });
    expect(refusalOf(driver, 'lab/two')).toMatchObject({ code: 'over-budget' });
    expect(asleep(driver, 'lab/two')).toBe(true);
    expect(driver.state('lab/one').kind).toBe('running');
  });
});

test('two that evict each other three times in ten minutes do not fit together: the incumbent stays', () => {
  const driver = full();
  for (const [turn, id] of (['lab/two', 'lab/one', 'lab/two'] as const).entries()) {
    driver.now = (turn + 1) * 130_000;
    wake(driver, id);
    expect(driver.state(id).kind).toBe('running');
  }
  expect(driver.world.evictions).toHaveLength(3);
  driver.now = 4 * 130_000;
  expect(wake(driver, 'lab/one')).toEqual([]);
  tickAt(driver, 4 * 130_000 + 60_000);
  expect(refusalOf(driver, 'lab/one')).toMatchObject({
    details: { holders: [{ keptBecause: 'it and lab/one have evicted each other 3 times in 10 m' }] },
  });
});

describe('a crash loop', () => {
  const fail = (driver: Driver, at: number): void => {
    driver.now = at;
    driver.send({ kind: 'wakeRequested', id: 'lab/one' });
    const attempt = driver.world.services.get('lab/one')?.attempt ?? never();
    const failure = { code: 'engine-error', message: 'it does not start', details: {}, remedies: [] } as const;
    driver.send({ kind: 'startFailed', id: 'lab/one', attempt, failure, container: null, running: false });
  };

  test('pauses automatic starts, is told at once, and pauses twice as long the next time', () => {
    const driver = sleeping(rivals);
    fail(driver, 0);
    driver.now = 29_000;
    driver.send({ kind: 'wakeRequested', id: 'lab/one' });
    expect([driver.steps, driver.state('lab/one').kind]).toEqual([[], 'failed']);
    fail(driver, 30_000);
    driver.now = 89_000;
    driver.send({ kind: 'wakeRequested', id: 'lab/one' });
    expect(driver.state('lab/one').kind).toBe('failed');
    driver.now = 90_000;
    driver.send({ kind: 'wakeRequested', id: 'lab/one' });
    expect(driver.state('lab/one').kind).toBe('pending');
  });

  test('does not keep the user from trying', () => {
    const driver = sleeping(rivals);
    fail(driver, 0);
    expect(driver.act({ kind: 'start', project: 'lab', services: ['one'] }).ok).toBe(true);
    expect(driver.state('lab/one').kind).toBe('pending');
  });
});

test('an engine that is away refuses who waits after a minute, and once it is back all goes on', () => {
  const driver = sleeping(rivals);
  driver.send({ kind: 'wakeRequested', id: 'lab/one' });
  driver.send({ kind: 'engineLost' });
  driver.now = 60_000;
  driver.send({ kind: 'tick' });
  expect(refusalOf(driver, 'lab/one')).toMatchObject({ code: 'engine-unavailable' });
  driver.boot();
  expect(refusalOf(driver, 'lab/one')).toBeNull();
  expect(driver.settle().filter(step => step.startsWith('launch'))).toEqual(['launch one']);
});

test('a client that connects while the engine is away and its service starts is let in when it runs', () => {
  const driver = sleeping(rivals);
  driver.send({ kind: 'wakeRequested', id: 'lab/one' });
  driver.settleOne(); // ensureImage
  driver.settleOne(); // launch
  expect(driver.state('lab/one').kind).toBe('starting');
  driver.send({ kind: 'engineLost' });
  driver.send({ kind: 'wakeRequested', id: 'lab/one' });
  expect(driver.world.services.get('lab/one')?.wakeRequest).not.toBeNull();
  driver.boot(observed(rivals.services[0] ?? never(), { health: 'healthy' }));
  driver.settle();
  expect(driver.state('lab/one').kind).toBe('running');
  expect(driver.world.services.get('lab/one')?.wakeRequest).toBeNull();
  tickAt(driver, 61_000);
  expect(refusalOf(driver, 'lab/one')).toBeNull();
});

test('ports that closed when an engine that ends stopped their service open again before it is back', () => {
  const driver = sleeping();
  wake(driver, 'shop/db');
  driver.send({ kind: 'engine', event: { kind: 'killed', id: 'db-1', at: 0, signal: 15 } });
  driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 0 } });
  tickAt(driver, driver.policy.restartPause); // closes them: so far it was somebody's docker stop
  expect(driver.world.services.get('shop/db')).toMatchObject({ desired: 'down', state: { kind: 'asleep' } });
  driver.settle();
  driver.send({ kind: 'engineLost' });
  expect(driver.kinds()).toEqual(['persist', 'openListeners']);
});
