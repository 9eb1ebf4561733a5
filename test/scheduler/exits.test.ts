import { describe, expect, test } from 'vitest';
import { nextDeadline } from '../../daemon/scheduler/decide.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { running } from './support/shop.js';
import { project } from './support/specs.js';

describe('crashes', () => {
  const single = project('p', { api: { restart: { policy: 'always', maxRetries: null } } });
  const die = (driver: Driver, exitCode: number) => {
    const state = driver.state('p/api');
    const id = 'container' in state && state.container !== null ? state.container : 'none';
    return driver.send({ kind: 'engine', event: { kind: 'died', id, at: 0, exitCode } });
  };

  test('are repaired after a pause that doubles, and given up after five in ten minutes with the last words', () => {
    const driver = running(single);
    const pauses: number[] = [];
    for (let crash = 1; crash < 5; crash++) {
      die(driver, 1);
      const due = nextDeadline(driver.world, driver.policy) ?? 0;
      pauses.push(due - driver.now);
      driver.now = due;
      driver.send({ kind: 'tick' }).settle();
      expect(driver.state('p/api').kind).toBe('running');
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
    die(driver, 1);
    expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'crash-loop' } });
    expect(driver.kinds()).toEqual(['readLogTail api']);
    driver.send({ kind: 'logTail', id: 'p/api', container: driver.stepsOf('readLogTail')[0]?.container ?? '', lines: ['boom'] });
    expect(driver.state('p/api')).toMatchObject({ failure: { details: { lastLines: ['boom'] } }, logTailDue: false });
    expect(driver.notices).toMatchObject([{ kind: 'failed', data: { reason: 'log-tail', line: 'boom' } }]);
  });

  test('that are ten minutes apart are no loop', () => {
    const driver = running(single);
    for (let crash = 0; crash < 8; crash++) {
      die(driver, 1);
      driver.now += 11 * 60_000;
      driver.send({ kind: 'tick' }).settle();
    }
    expect(driver.state('p/api').kind).toBe('running');
  });

  test('by the memory limit are named so, with the figure', () => {
    const driver = running(single);
    driver.send({ kind: 'engine', event: { kind: 'oom', id: 'api-1', at: 0 } });
    expect(driver.notices[0]).toMatchObject({ kind: 'oom', data: { reason: 'process-killed', limit: 200 * MiB } });
    die(driver, 137);
    expect(driver.notices[0]).toMatchObject({ kind: 'oom', data: { reason: 'exited', exit: { limit: 200 * MiB } } });
    expect(driver.state('p/api')).toMatchObject({ kind: 'backoff', exit: { code: 137, oom: true } });
  });

  test('by the memory limit, told before the kill is: judged again when it comes', () => {
    const driver = running(single);
    die(driver, 137);
    expect(driver.state('p/api')).toMatchObject({ kind: 'backoff', exit: { oom: false } });
    driver.send({ kind: 'engine', event: { kind: 'oom', id: 'api-1', at: 0 } });
    expect(driver.state('p/api')).toMatchObject({ kind: 'backoff', exit: { code: 137, oom: true } });
    expect(driver.world.services.get('p/api')).toMatchObject({ crashes: [0], oomAt: null });
  });

  test('told before the kill, of a service that must not restart: the failure names the limit when the kill comes', () => {
    const driver = running(project('p', { api: { restart: { policy: 'no', maxRetries: null } } }));
    die(driver, 137);
    expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'exited' } });
    driver.send({ kind: 'engine', event: { kind: 'oom', id: 'api-1', at: 0 } });
    expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'out-of-memory', details: { limit: 200 * MiB } } });
    expect(driver.notices).toMatchObject([
      { kind: 'oom', data: { limit: 200 * MiB } },
      { kind: 'failed', data: { cause: { code: 'out-of-memory' } } },
    ]);
  });

  test('told before the kill, the last of a loop: the loop names the limit', () => {
    const driver = running(single);
    for (let crash = 1; crash < 5; crash++) {
      die(driver, 1);
      driver.now = nextDeadline(driver.world, driver.policy) ?? 0;
      driver.send({ kind: 'tick' }).settle();
    }
    const state = driver.state('p/api');
    const id = 'container' in state ? (state.container ?? '') : '';
    die(driver, 137);
    const before = driver.world.services.get('p/api')?.crashes;
    driver.send({ kind: 'engine', event: { kind: 'oom', id, at: 0 } });
    expect(driver.state('p/api')).toMatchObject({
      kind: 'failed',
      failure: { code: 'out-of-memory', message: expect.stringMatching(/200 MB limit .* crash 5/) },
    });
    expect(driver.world.services.get('p/api')?.crashes).toEqual(before);
  });

  test('a kill that is told long after a failure, or of another exit, changes nothing', () => {
    for (const [code, later] of [
      [1, 0],
      [137, 6_000],
    ] as const) {
      const driver = running(project('p', { api: { restart: { policy: 'no', maxRetries: null } } }));
      die(driver, code);
      driver.now += later;
      driver.send({ kind: 'engine', event: { kind: 'oom', id: 'api-1', at: 0 } });
      expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'exited' } });
    }
  });

  test('of a child at the limit leave the service up, counted', () => {
    const driver = running(single);
    driver.send({ kind: 'engine', event: { kind: 'oom', id: 'api-1', at: 0 } });
    expect(driver.state('p/api').kind).toBe('running');
    expect(driver.world.services.get('p/api')?.ooms).toBe(1);
    driver.now += 60_000;
    die(driver, 1);
    expect(driver.state('p/api')).toMatchObject({ kind: 'backoff', exit: { oom: false } });
  });

  test('of a service that must not restart fail it', () => {
    const driver = running(project('p', { api: { restart: { policy: 'no', maxRetries: null } } }));
    die(driver, 1);
    expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'exited' } });
  });
});
