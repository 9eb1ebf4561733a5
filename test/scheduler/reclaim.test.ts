import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceId } from '../../daemon/model/spec.js';
import { type Decision, nextDeadline } from '../../daemon/scheduler/decide.js';
import type { ReclaimPolicy, ReclaimResult } from '../../daemon/scheduler/memory/reclaim.js';
import type { Policy } from '../../daemon/scheduler/policy/policy.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import type { World } from '../../daemon/scheduler/state/world.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { rounds } from '../support/deep.js';
import { Driver } from './support/driver.js';
import { HOUSEHOLD, sleeper } from './support/households.js';
import { never } from './support/shop.js';
import { Simulation } from './support/simulation.js';
import { asleep, tickAt, use, wake } from './support/sleepy.js';
import { policy, project } from './support/specs.js';

const MINUTE = 60_000;
const TOTAL = 8_000 * MiB;
/** `brief` sleeps after a minute, `other` after three, `long` never while this lasts. */
const lab = project('lab', { brief: sleeper(4000, 60), other: sleeper(4001, 180), long: sleeper(4002, 7_200) });
const BROUGHT: ReclaimResult = {
  windows: false,
  before: { free: 1_000 * MiB, cache: 900 * MiB },
  after: { free: 1_200 * MiB, cache: 690 * MiB },
  why: null,
};

function settings(reclaim: Partial<ReclaimPolicy>, budget = 1_000): Policy {
  const usual = policy(budget);
  return { ...usual, reclaim: { ...usual.reclaim, ...reclaim } };
}

/** The lab, with these awake. */
function lively(reclaim: Partial<ReclaimPolicy>, ...ids: readonly ServiceId[]): Driver {
  const driver = new Driver(settings(reclaim)).boot();
  driver.up(lab);
  driver.settle();
  for (const id of ids) wake(driver, id);
  return driver;
}

/** The host as it is now; `vmCache`, a share: it is a VM of WSL's. */
function host(driver: Driver, available: number, vmCache: number | null = null): void {
  const sample = { at: driver.now, total: TOTAL, available: available * TOTAL, psi: null, swapIn: null, refaults: null };
  driver.send({ kind: 'sampled', services: [], host: vmCache === null ? sample : { ...sample, vmCache: vmCache * TOTAL } });
}

const containerOf = (driver: Driver, id: ServiceId) => driver.world.services.get(id)?.container ?? never();

/** Time passes until `brief` is asleep; what was done, `reclaim` as its step. */
function untilAsleep(driver: Driver, before: () => void = () => undefined): string[] {
  driver.now = MINUTE;
  before();
  const done = tickAt(driver, MINUTE);
  expect(asleep(driver, 'lab/brief')).toBe(true);
  return done.filter(step => step === 'reclaim');
}

describe('after a service fell asleep', () => {
  test.each<[string, Partial<ReclaimPolicy>, number, number | null, boolean]>([
    ['off: nothing, however short the host is', { mode: 'off' }, 0.09, null, false],
    ['short: a host with enough is left alone', { mode: 'short' }, 0.15, null, false],
    ['short: a host that has less than its share', { mode: 'short' }, 0.149, null, true],
    ['short: the share is a setting', { mode: 'short', below: 0.5 }, 0.49, null, true],
    ['short, WSL2: MemAvailable of the VM does not count', { mode: 'short' }, 0.1, 0.1, false],
    ['short, WSL2: what counts is how much cache the VM keeps', { mode: 'short' }, 0.7, 0.26, true],
    ['short, WSL2: that share is a setting', { mode: 'short', cacheAbove: 0.4 }, 0.7, 0.4, false],
    ['always', { mode: 'always' }, 0.9, null, true],
  ])('%s', (_, reclaim, available, vmCache, expected) => {
    const driver = lively(reclaim, 'lab/brief', 'lab/long');
    expect(untilAsleep(driver, () => host(driver, available, vmCache))).toEqual(expected ? ['reclaim'] : []);
  });

  test('under pressure, whatever MemAvailable and the cache say', () => {
    const driver = lively({ mode: 'short' }, 'lab/brief', 'lab/long');
    // Pressure that is over only after a minute.
    for (const at of [40_000, 49_000, 51_000]) {
      driver.now = at;
      host(driver, 0.07, 0.01);
    }
    expect(untilAsleep(driver, () => host(driver, 0.5, 0.01))).toEqual(['reclaim']);
  });

  test('a host that becomes short later is relieved then', () => {
    const driver = lively({ mode: 'short' }, 'lab/brief', 'lab/long');
    expect(untilAsleep(driver, () => host(driver, 0.5))).toEqual([]);
    driver.now += 5_000;
    host(driver, 0.12);
    expect(driver.kinds()).toEqual(['reclaim']);
  });

  test('not after a stop that somebody asked for', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief', 'lab/long');
    driver.now = 10 * MINUTE;
    driver.act({ kind: 'stop', project: 'lab', services: ['brief'] });
    expect(driver.settle()).toEqual(['persist', 'stop brief', 'openListeners']);
  });
});

describe('what is given back', () => {
  const asked = (driver: Driver) => {
    driver.now = MINUTE;
    driver.send({ kind: 'tick' });
    for (let turn = 0; turn < 5 && driver.stepsOf('reclaim').length === 0; turn++) driver.settleOne();
    return driver.stepsOf('reclaim');
  };

  test('the cache of those that are not in use just now', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief', 'lab/long', 'lab/other');
    driver.now = 30_000;
    use(driver, 'lab/long', { holding: true });
    expect(asked(driver)).toMatchObject([{ containers: [containerOf(driver, 'lab/other')], vm: false }]);
  });

  test('of the whole VM when somebody agreed to that, and it is one', () => {
    const vm = lively({ mode: 'always', vm: true }, 'lab/brief');
    host(vm, 0.5, 0.2);
    expect(asked(vm)).toMatchObject([{ containers: [], vm: true }]);
    const linux = lively({ mode: 'always', vm: true }, 'lab/brief', 'lab/long');
    host(linux, 0.5);
    expect(asked(linux)).toMatchObject([{ containers: [containerOf(linux, 'lab/long')], vm: false }]);
  });

  test('nothing where nothing runs any more, and nobody waits for more', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief');
    expect(untilAsleep(driver)).toEqual([]);
    expect(nextDeadline(driver.world, driver.policy)).toBeNull();
  });
});

describe('not at any time', () => {
  test('not while a service starts: after that', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief', 'lab/long');
    driver.now = MINUTE;
    driver.send({ kind: 'tick' });
    driver.settleOne(); // it is not used: it is to stop
    driver.send({ kind: 'wakeRequested', id: 'lab/other' });
    const done = driver.settle();
    expect(done.indexOf('reclaim')).toBeGreaterThan(done.indexOf('probe other'));
    expect(done).toContain('stop brief');
  });

  test('not twice at once, and not again within ten minutes; then for what fell asleep meanwhile', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief', 'lab/other', 'lab/long');
    expect(untilAsleep(driver)).toEqual(['reclaim']);
    expect(tickAt(driver, 3 * MINUTE)).toEqual(['checkUse other', 'stop other']);
    driver.send({ kind: 'reclaimed', ...BROUGHT });
    expect(driver.steps).toEqual([]);
    expect(nextDeadline(driver.world, driver.policy)).toBe(11 * MINUTE);
    expect(tickAt(driver, 11 * MINUTE - 1)).toEqual([]);
    expect(tickAt(driver, 11 * MINUTE)).toEqual(['reclaim']);
    driver.send({ kind: 'reclaimed', ...BROUGHT });
    expect(tickAt(driver, 60 * MINUTE)).toEqual([]);
  });

  test('one that takes longer than ten minutes is awaited', () => {
    const driver = lively({ mode: 'always' }, 'lab/brief', 'lab/other', 'lab/long');
    expect(untilAsleep(driver)).toEqual(['reclaim']);
    tickAt(driver, 3 * MINUTE);
    expect(tickAt(driver, 20 * MINUTE)).toEqual([]);
    driver.send({ kind: 'reclaimed', ...BROUGHT });
    expect(driver.kinds()).toEqual(['reclaim']);
  });
});

describe('it is told', () => {
  const reported = (...results: readonly Partial<ReclaimResult>[]) => {
    const driver = lively({ mode: 'always' }, 'lab/brief');
    return results.map(result => {
      driver.send({ kind: 'reclaimed', ...BROUGHT, ...result });
      return driver.notices;
    });
  };
  const nothing = { after: BROUGHT.before };

  test('with what the machine shows', () => {
    const { before, after } = BROUGHT;
    const data = { reason: 'cache', bytes: 210 * MiB, freeBefore: before.free, freeAfter: after.free };
    const notice = { project: 'lab', service: null, level: 'info', kind: 'reclaimed' };
    expect(reported({}, { windows: true })).toEqual([
      [{ ...notice, data: { ...data, to: 'host' } }],
      [{ ...notice, data: { ...data, to: 'windows' } }],
    ]);
  });

  test('nothing is told where nothing came of it; why it could not, once', () => {
    const no = { ...nothing, why: 'needs root' };
    const notice = { project: 'lab', service: null, level: 'warn', kind: 'reclaimed', data: { reason: 'incomplete', why: 'needs root' } };
    expect(reported(nothing, no, no, nothing, no)).toEqual([[], [notice], [], [], [notice]]);
  });
});

/** Holds every decision against the rules, from what it was told itself. */
class Watched extends Simulation {
  reclaims = 0;
  private last = Number.NEGATIVE_INFINITY;
  private underWay = 0;

  protected override decided(_before: World, event: Event, { world, steps }: Decision): void {
    if (event.kind === 'reclaimed') this.underWay--;
    for (const step of steps) {
      if (step.kind !== 'reclaim') continue;
      this.reclaims++;
      const states = [...world.services.values()].map(({ state }) => state.kind);
      if (states.includes('starting') || states.includes('pending')) throw new Error('while a service starts');
      if (this.underWay++ > 0) throw new Error('twice at once');
      if (this.now - this.last < this.policy.reclaim.pause) throw new Error('too soon');
      this.last = this.now;
    }
  }
}

test('whatever happens: never while a service starts, one at a time, ten minutes apart, and all comes to rest', () => {
  let reclaims = 0;
  const ids = HOUSEHOLD.flatMap(({ name, services }) => services.map(service => `${name}/${service.name}` as ServiceId));
  const happen = (simulation: Watched, choice: number) => {
    const detail = Math.floor(choice / 8);
    const id = ids[detail % ids.length] ?? 'shop/db';
    const of = (available: number) => ({
      at: simulation.now,
      total: TOTAL,
      available: available * TOTAL,
      psi: null,
      swapIn: null,
      refaults: null,
    });
    if (choice % 8 === 0) simulation.send({ kind: 'wakeRequested', id });
    else if (choice % 8 === 1) simulation.wait();
    else if (choice % 8 === 2) simulation.die(detail, 1, 'none');
    else if (choice % 8 === 3)
      simulation.send({ kind: 'sampled', services: [], host: { ...of((detail % 20) / 20), vmCache: 0.3 * TOTAL } });
    else if (choice % 8 === 4) simulation.finish(detail, false);
    else simulation.finish(detail, true);
  };
  const run = (choices: readonly number[], reclaim: Partial<ReclaimPolicy>) => {
    const simulation = new Watched(settings(reclaim, 600), () => undefined);
    simulation.look();
    for (const spec of HOUSEHOLD) simulation.act({ kind: 'up', spec, services: null, recreate: false });
    for (const choice of choices) happen(simulation, choice);
    // Pressure is seen to end.
    simulation.send({ kind: 'resumed' });
    for (let round = 0; round < 600; round++) {
      if (simulation.inFlight.length > 0) simulation.finish(0, true);
      else if (nextDeadline(simulation.world, simulation.policy) !== null) simulation.wait();
      else break;
    }
    if (simulation.world.host.reclaim.running) throw new Error('one is under way, and nothing is');
    reclaims += simulation.reclaims;
  };
  const modes = fc.constantFrom<Partial<ReclaimPolicy>>({ mode: 'always', vm: true }, { mode: 'short', vm: true }, { mode: 'always' });
  fc.assert(fc.property(fc.array(fc.nat(8 * 64), { minLength: 5, maxLength: 60 }), modes, run), { numRuns: rounds(1_000) });
  expect(reclaims).toBeGreaterThan(rounds(1_000) / 2);
}, 120_000);
