import { describe, expect, test } from 'vitest';
import type { ServiceId } from '../../daemon/model/spec.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { never } from './support/shop.js';
import { refusalOf, sleeping, wake } from './support/sleepy.js';
import { project } from './support/specs.js';

const TOTAL = 16_000 * MiB;
const lab = project('lab', {
  one: sleeper(4000, 600, { memory: [100, 300], priority: 60 }),
  two: sleeper(4001, 600, { memory: [100, 100], priority: 40 }),
});

/** A sample of the host and of these services, working sets in MiB. */
function sample(driver: Driver, sets: Readonly<Record<ServiceId, number>>, available = 0.5, at = driver.now): void {
  driver.now = at;
  const services = Object.entries(sets).map(([id, set]) => {
    const container = driver.world.services.get(id as ServiceId)?.container ?? never();
    return { id: id as ServiceId, container, workingSet: set * MiB, cpu: 0 };
  });
  const host = { at, total: TOTAL, available: available * TOTAL, psi: null, swapIn: null, refaults: null };
  driver.send({ kind: 'sampled', services, host });
}

function running(budget: number, ...ids: readonly ServiceId[]): Driver {
  const driver = sleeping(lab, budget);
  for (const id of ids) wake(driver, id);
  return driver;
}

describe('a service near its limit', () => {
  test('gets more while the budget has room, and no more than its maximum', () => {
    const driver = running(150, 'lab/one');
    expect(driver.state('lab/one')).toMatchObject({ grant: 150 * MiB });
    const roomy = { ...driver.policy, budget: 1_000 * MiB };
    Object.assign(driver, { policy: roomy });
    sample(driver, { 'lab/one': 140 });
    expect(driver.stepsOf('resize')).toMatchObject([{ to: 210 * MiB }]);
    driver.settle();
    sample(driver, { 'lab/one': 205 });
    driver.settle();
    expect(driver.state('lab/one')).toMatchObject({ grant: 300 * MiB, resizing: null });
  });

  test('gets nothing when the budget has none', () => {
    const driver = running(150, 'lab/one');
    sample(driver, { 'lab/one': 149 });
    expect(driver.steps).toEqual([]);
  });

  test('that is refused its room keeps what it has', () => {
    const driver = running(150, 'lab/one');
    Object.assign(driver, { policy: { ...driver.policy, budget: 1_000 * MiB } });
    sample(driver, { 'lab/one': 140 });
    const container = driver.world.services.get('lab/one')?.container ?? never();
    driver.send({ kind: 'resized', id: 'lab/one', container, grant: 150 * MiB, refused: 'no' });
    expect(driver.state('lab/one')).toMatchObject({ grant: 150 * MiB, resizing: null });
  });
});

describe('an OOM kill', () => {
  const kill = (driver: Driver, reported: 'first' | 'second' = 'first'): void => {
    const id = driver.world.services.get('lab/one')?.container ?? never();
    const events = [
      { kind: 'oom', id, at: driver.now },
      { kind: 'died', id, at: driver.now, exitCode: 137 },
    ] as const;
    for (const event of reported === 'first' ? events : events.toReversed()) driver.send({ kind: 'engine', event });
  };

  test('of a process lets the grant grow at once', () => {
    const driver = running(150, 'lab/one');
    Object.assign(driver, { policy: { ...driver.policy, budget: 1_000 * MiB } });
    const id = driver.world.services.get('lab/one')?.container ?? never();
    driver.send({ kind: 'engine', event: { kind: 'oom', id, at: 0 } });
    expect(driver.stepsOf('resize')).toMatchObject([{ to: 300 * MiB }]);
  });

  test.each(['first', 'second'] as const)(
    'at the maximum, three times in ten minutes, is the end, with the figure to raise; the kill told %s',
    reported => {
      const driver = running(1_000, 'lab/one');
      for (let turn = 0; turn < 2; turn++) {
        kill(driver, reported);
        expect(driver.state('lab/one').kind).toBe('backoff');
        driver.now += 10_000;
        driver.send({ kind: 'tick' });
        driver.settle();
      }
      kill(driver, reported);
      expect(driver.state('lab/one')).toMatchObject({ kind: 'failed', failure: { code: 'out-of-memory' } });
      const { state, crashes } = driver.world.services.get('lab/one') ?? never();
      expect(state.kind === 'failed' && state.failure.remedies[0]).toContain('Raise memory.maximum of one (now 300 MB)');
      expect(crashes).toHaveLength(2);
    },
  );
});

describe('a host that is short of memory', () => {
  test('soft: bursts are taken back, nobody in use is stopped, nobody new starts', () => {
    const driver = running(1_000, 'lab/one');
    for (let at = 0; at <= 10_000; at += 1_000) sample(driver, { 'lab/one': 80 }, 0.07, at);
    expect(driver.world.host.pressure.level).toBe('soft');
    expect(driver.state('lab/one')).toMatchObject({ resizing: 100 * MiB + 1 });
    driver.settle();
    expect(wake(driver, 'lab/two')).toEqual([]);
    driver.now = 69_999;
    driver.send({ kind: 'tick' });
    expect(refusalOf(driver, 'lab/two')).toBeNull();
    driver.now = 70_000;
    driver.send({ kind: 'tick' });
    expect(refusalOf(driver, 'lab/two'), 'after a minute, not at the next second after it').toMatchObject({ code: 'host-memory' });
  });

  test('refuses an action at once', () => {
    const driver = running(1_000, 'lab/one');
    for (let at = 0; at <= 10_000; at += 1_000) sample(driver, {}, 0.07, at);
    expect(driver.act({ kind: 'start', project: 'lab', services: ['two'] })).toMatchObject({ failure: { code: 'host-memory' } });
    expect(driver.steps).toEqual([]);
  });

  test('hard: the least one is stopped, but none that is held', () => {
    const driver = running(1_000, 'lab/one', 'lab/two');
    driver.send({ kind: 'used', uses: [{ id: 'lab/two', connections: 1, holding: true, moving: false, execs: 0, lastByteAt: 0 }] });
    for (let at = 0; at <= 2_000; at += 1_000) sample(driver, {}, 0.03, at);
    expect(driver.world.host.pressure.level).toBe('hard');
    expect(driver.kinds()).toEqual(['stop one']);
    expect(driver.state('lab/two').kind).toBe('running');
  });

  test('that recovers lets them start again, after a minute', () => {
    const driver = running(1_000, 'lab/one');
    for (let at = 0; at <= 10_000; at += 1_000) sample(driver, {}, 0.07, at);
    for (let at = 11_000; at <= 71_000; at += 1_000) sample(driver, {}, 0.5, at);
    expect(driver.world.host.pressure.level).toBe('none');
    expect(wake(driver, 'lab/two').at(-1)).toBe('probe two');
  });
});
