import { describe, expect, test } from 'vitest';
import { CheckTime } from '../../daemon/runtime/sampling/check-time.js';
import { type Burst, rhythmOf, withBytes } from '../../daemon/scheduler/activity/rhythm.js';
import { workOver } from '../../daemon/scheduler/memory/samples.js';
import { DEFAULT_POLICY } from '../../daemon/scheduler/policy/policy.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import type { Driver } from './support/driver.js';
import { containerOf, never } from './support/shop.js';
import { sleeping, tickAt, wake } from './support/sleepy.js';

const DB = 'shop/db';

/** A minute of samples each 5 s of one that is checked each `interval` s for `takes` s, which costs `check` s of CPU; beside that it works at `load`. */
function samples(interval: number, takes: number, check: number, load: number) {
  const times = new CheckTime();
  const cpuAt = (s: number) => {
    const done = Math.floor(s / interval);
    const under = Math.min(1, (s - done * interval) / takes);
    return (load * s + check * (done + under)) * 1e9;
  };
  const found = [];
  for (let s = 0; s <= 60; s += 0.5) {
    const phase = s % interval;
    if (phase === 0) times.started('c', `${s}`, s * 1000, cpuAt(s));
    if (phase === takes) times.ended('c', `${s - takes}`, s * 1000, cpuAt(s));
    if (s % 5 === 0) found.push({ at: s * 1000, workingSet: 0, cpu: cpuAt(s), checks: times.spent('c', s * 1000, cpuAt(s)) });
  }
  return found;
}

describe('the CPU of health checks', () => {
  test.each([
    ['a check of 1 s of CPU each 10 s', 10, 1, 1, 0, false],
    ['one that runs nearly all the time', 10, 9, 5, 0, false],
    ['a cheap one', 5, 0.5, 0.05, 0, false],
    ['a costly one, of a service that works a little', 10, 1, 1, 0.01, false],
    ['a costly one, of a service that works', 10, 1, 1, 0.05, true],
    ['one that runs nearly all the time, of a service that works', 10, 9, 5, 0.3, true],
  ])('%s', (_name, interval, takes, check, load, isUse) => {
    expect(workOver(samples(interval, takes, check, load), DEFAULT_POLICY, 60_000)?.isUse).toBe(isUse);
  });

  test('without a check nothing is left out', () => {
    const plain = (load: number) => [0, 30_000].map(at => ({ at, workingSet: 0, cpu: load * at * 1e6 }));
    expect(workOver(plain(0.03), DEFAULT_POLICY, 30_000)).toMatchObject({ isUse: true, time: 30_000 });
    expect(workOver(plain(0.01), DEFAULT_POLICY, 30_000)?.isUse).toBe(false);
    expect(workOver(plain(0.03).slice(1), DEFAULT_POLICY, 30_000)).toBeNull();
  });

  test('a check whose end is never told of, or whose container starts anew, leaves nothing out for ever', () => {
    const times = new CheckTime();
    times.started('c', 'a', 0, 100);
    expect(times.spent('c', 1_000, 200)).toEqual({ cpu: 100, time: 1_000 });
    expect(times.spent('c', 1_000_000, 900)).toEqual({ cpu: 0, time: 0 });
    expect(times.spent('c', 1_000, 50)).toEqual({ cpu: 0, time: 0 });
    times.forget('c');
    expect(times.spent('c', 1_000, 200)).toBeUndefined();
  });
});

describe('what flows again and again', () => {
  const beat = (every: number, bytes: number, times: number, port: number | null = 27017) => {
    let bursts: readonly Burst[] = [];
    for (let n = 0; n < times; n++) for (const part of [0.3, 0.7]) bursts = withBytes(bursts, n * every + part * 100, bytes * part, port);
    return rhythmOf(bursts);
  };

  test('a heartbeat is known as one, with its pace and its port', () => {
    expect(beat(10_000, 410, 9)).toEqual({ bytes: 410, every: 10_000, port: 27017, isBeat: true });
    expect(beat(10_000, 410, 3)).toBeNull();
    expect(beat(10_000, 50_000, 9)).toMatchObject({ isBeat: false });
  });

  test('what somebody asks for is not', () => {
    let bursts: readonly Burst[] = [];
    for (const [at, bytes] of [
      [0, 40],
      [9_000, 900],
      [11_000, 70],
      [40_000, 300],
      [41_000, 12],
    ] as const)
      bursts = withBytes(bursts, at, bytes, at > 5 ? 80 : 81);
    expect(rhythmOf(bursts)).toMatchObject({ isBeat: false, port: null });
  });
});

describe('why a service is awake that would sleep by now', () => {
  const why = (driver: Driver) => viewOf(driver.world, driver.world.services.get(DB) ?? never(), driver.now).why;
  const awake = () => {
    const driver = sleeping();
    wake(driver, DB);
    return driver;
  };

  test('its CPU, with the figure', () => {
    const driver = awake();
    const host = { at: 0, total: 1e12, available: 5e11, psi: null, swapIn: null, refaults: null };
    for (let at = 0; at <= 180_000; at += 30_000) {
      driver.now = at;
      const services = [{ id: DB, container: containerOf(driver, DB), workingSet: 0, cpu: at * 0.05 * 1e6 }] as const;
      driver.send({ kind: 'sampled', services, host: { ...host, at } });
    }
    expect(why(driver)).toContain('kept awake by its CPU, 1.5 s of work in 30 s (health checks left out)');
  });

  test('bytes, how many, how often and where', () => {
    const driver = awake();
    const rhythm = { bytes: 41, every: 10_000, port: 27017, isBeat: true };
    for (driver.now = 10_000; driver.now <= 200_000; driver.now += 10_000)
      driver.send({
        kind: 'used',
        uses: [{ id: DB, connections: 1, holding: false, moving: false, execs: 0, lastByteAt: driver.now, rhythm }],
      });
    expect(why(driver)).toContain('kept awake by 41 bytes every 10 s on 27017 (looks like a heartbeat)');
  });

  test('a command in it', () => {
    const driver = awake();
    driver.send({ kind: 'engine', event: { kind: 'execStarted', id: containerOf(driver, DB), at: 0, exec: 'e' } });
    expect(why(driver)).toContain('held awake: a command runs in it (docker exec)');
    tickAt(driver, 1_000_000);
    expect(driver.state(DB).kind).toBe('running');
  });

  test('nothing is said of one that was woken just now', () => {
    expect(why(awake())).not.toContain('kept awake');
  });
});
