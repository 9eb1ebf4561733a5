import { describe, expect, test } from 'vitest';
import { nextDeadline } from '../../daemon/scheduler/decide.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import { liveContainer } from '../../daemon/scheduler/state/service-state.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { sleeping, tickAt, use, wake } from './support/sleepy.js';
import { project } from './support/specs.js';

const house = (priority: number) =>
  project('lab', {
    llm: sleeper(8090, 3_600, { memory: [1_000, 2_000], priority: 20, runtime: 'llm', protocol: 'http' }),
    db: sleeper(5432, 3_600, { memory: [250, 500], priority, protocol: 'postgres' }),
  });

/** The llm runs, of priority 20, and beside it the database, in a budget of so many MB. */
function running(budget: number, priority = 60): Driver {
  const driver = sleeping(house(priority), budget);
  wake(driver, 'lab/llm');
  wake(driver, 'lab/db');
  driver.now = 200_000;
  return driver;
}

function say(driver: Driver, report: Partial<Extract<Event, { kind: 'memoryReported' }>['report']>): string[] {
  const container = liveContainer(driver.state('lab/llm')) ?? 'none';
  driver.send({
    kind: 'memoryReported',
    id: 'lab/llm',
    container,
    report: { wants: null, holds: 0, loading: null, model: null, ...report },
  });
  return driver.settle();
}

/** The llm's working set in MB, and a host with enough. */
function measured(driver: Driver, workingSet: number, name = 'llm'): void {
  const container = liveContainer(driver.state(`lab/${name}`)) ?? 'none';
  const host = { at: driver.now, available: 9_000 * MiB, total: 16_000 * MiB, swapIn: null, refaults: null, psi: null };
  driver.send({ kind: 'sampled', services: [{ id: `lab/${name}`, container, workingSet: workingSet * MiB, cpu: 0 }], host });
}

const grantOf = (driver: Driver, id: string): number => {
  const state = driver.state(id);
  return state.kind === 'running' ? state.grant / MiB : 0;
};

describe('a service that asks for memory itself', () => {
  test('gets no more than its standard when it starts, whatever is free', () => {
    const driver = running(8_000);
    expect(grantOf(driver, 'lab/llm')).toBe(1_000);
    expect(grantOf(driver, 'lab/db')).toBe(500);
  });

  test('has it at once where it is free: first the limit, then the answer', () => {
    const driver = running(8_000);
    expect(say(driver, { wants: 1_500 * MiB })).toEqual(['resize llm', 'answerMemoryRequest llm']);
    expect(grantOf(driver, 'lab/llm')).toBe(1_500);
    expect(driver.stepsOf('answerMemoryRequest')).toMatchObject([{ bytes: 1_500 * MiB, refusal: null }]);
  });

  test('is answered once, however often it says the same; asks again for another figure, or after it has stopped asking', () => {
    const driver = running(8_000);
    say(driver, { wants: 1_500 * MiB });
    expect(say(driver, { wants: 1_500 * MiB, loading: { model: 'a', share: 0.1 } })).toEqual([]);
    expect(say(driver, { wants: 1_600 * MiB })).toEqual(['resize llm', 'answerMemoryRequest llm']);
    say(driver, {});
    expect(say(driver, { wants: 1_600 * MiB })).toEqual(['answerMemoryRequest llm']);
  });

  test('above its maximum is refused; nobody is stopped', () => {
    const driver = running(2_000);
    expect(say(driver, { wants: 2_001 * MiB })).toEqual(['answerMemoryRequest llm']);
    expect(driver.steps).toMatchObject([{ refusal: { code: 'over-budget', details: { need: 2_001 * MiB, free: 2_000 * MiB } } }]);
    expect(driver.state('lab/db').kind).toBe('running');
  });

  test('has one of lower priority stopped that is in its way, and is answered when that is gone; it wakes again later', () => {
    const driver = running(1_500, 10);
    driver.send({
      kind: 'memoryReported',
      id: 'lab/llm',
      container: liveContainer(driver.state('lab/llm')) ?? '',
      report: { wants: 1_400 * MiB, holds: 0, loading: null, model: null },
    });
    expect(driver.kinds()).toEqual(['stop db']);
    expect(driver.settle()).toEqual(['stop db', 'resize llm', 'answerMemoryRequest llm']);
    expect(grantOf(driver, 'lab/llm')).toBe(1_400);
    expect(driver.world.services.get('lab/db')).toMatchObject({ desired: 'up', awake: false, state: { kind: 'asleep' } });
    say(driver, { holds: 1_400 * MiB });
    measured(driver, 60);
    expect(wake(driver, 'lab/db')).toEqual([]);
    expect(say(driver, { holds: 0 })).toEqual(['resize llm', 'launch db', 'probe db']);
  });

  test('in vain is refused at once, with who holds what: a smaller load may do', () => {
    const driver = running(1_500);
    use(driver, 'lab/db', { holding: true });
    expect(say(driver, { wants: 1_400 * MiB })).toEqual(['answerMemoryRequest llm']);
    const [step] = driver.steps.flatMap(each => (each.kind === 'answerMemoryRequest' ? [each] : []));
    expect(step?.refusal).toMatchObject({
      code: 'over-budget',
      details: {
        need: 1_400 * MiB,
        free: 1_000 * MiB,
        holders: [{ service: 'db', grant: 500 * MiB, keptBecause: 'an exchange or a transaction is under way' }],
      },
    });
    expect(driver.notices).toMatchObject([{ kind: 'refused', service: 'llm' }]);
    expect(driver.state('lab/db').kind).toBe('running');
    expect(nextDeadline(driver.world, driver.policy)).not.toBe(driver.now);
  });

  test('takes a burst back before it has anybody stopped', () => {
    const driver = running(2_000);
    measured(driver, 50, 'db');
    expect(say(driver, { wants: 1_600 * MiB })).toEqual(['resize db', 'resize llm', 'answerMemoryRequest llm']);
    expect(grantOf(driver, 'lab/db')).toBe(400);
  });

  test('and ends with a model loaded: that is named', () => {
    const driver = running(1_500);
    say(driver, { model: 'big', holds: 900 * MiB });
    const container = liveContainer(driver.state('lab/llm')) ?? '';
    driver.send({ kind: 'engine', event: { kind: 'died', id: container, at: driver.now, exitCode: 134 } });
    expect(driver.notices[0]).toMatchObject({
      kind: 'crashed',
      data: { exit: { code: 134, limit: null, model: 'big', isLoading: false } },
    });
  });

  test('and ends before it is answered is not answered any more; what it said is forgotten', () => {
    const driver = running(1_500);
    say(driver, { loading: { model: 'big', share: 0.4 }, holds: 900 * MiB });
    const container = liveContainer(driver.state('lab/llm')) ?? '';
    driver.send({ kind: 'engine', event: { kind: 'died', id: container, at: driver.now, exitCode: 134 } });
    expect(driver.notices[0]).toMatchObject({ kind: 'crashed', data: { exit: { code: 134, limit: null, model: 'big', isLoading: true } } });
    expect(driver.world.services.get('lab/llm')).toMatchObject({ memoryReport: null, memoryRequest: null });
    tickAt(driver, driver.now + 10_000);
    expect(driver.state('lab/llm').kind).toBe('running');
  });
});

describe('what a service says of itself', () => {
  test('is shown while it loads', () => {
    const driver = running(8_000);
    say(driver, { loading: { model: 'big', share: 0.424 } });
    const entry = driver.world.services.get('lab/llm');
    const view = entry && viewOf(driver.world, entry, driver.now);
    expect(view).toMatchObject({ loading: { model: 'big', share: 0.424 }, why: expect.stringContaining('loads big: 42 %') });
  });

  test('of another container is ignored', () => {
    const driver = running(8_000);
    driver.send({
      kind: 'memoryReported',
      id: 'lab/llm',
      container: 'old',
      report: { wants: 1_500 * MiB, holds: 0, loading: null, model: null },
    });
    expect(driver.steps).toEqual([]);
    expect(driver.world.services.get('lab/llm')?.memoryReport).toBeNull();
  });

  test('keeps its limit above what it has loaded, however little of it was measured yet', () => {
    const driver = running(8_000);
    say(driver, { wants: 1_800 * MiB });
    say(driver, { holds: 1_800 * MiB });
    measured(driver, 100);
    expect(driver.act({ kind: 'budget', bytes: 2_000 * MiB })).toMatchObject({ ok: false });
    expect(grantOf(driver, 'lab/llm')).toBe(1_800);
  });
});
