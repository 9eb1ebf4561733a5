import { describe, expect, test } from 'vitest';
import { intentOf } from '../../daemon/scheduler/state/restore.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from './support/driver.js';
import { policy, project, type Sketch } from './support/specs.js';

/** `search` with a guess of 100 to 200 MB, beside what else is named. */
function home(sketch: Sketch = {}, others: Readonly<Record<string, Sketch>> = {}) {
  const spec = project('p', { search: sketch, ...others });
  const services = spec.services.map(each => (each.name === 'search' ? { ...each, memory: { ...each.memory, guessed: true } } : each));
  return { ...spec, services };
}

function started(budget: number, spec = home()): Driver {
  const driver = new Driver(policy(budget)).boot();
  expect(driver.up(spec).ok).toBe(true);
  driver.settle();
  return driver;
}

const idOf = (driver: Driver) => {
  const state = driver.state('p/search');
  return 'container' in state && state.container !== null ? state.container : 'none';
};
const dies = (driver: Driver, exitCode: number) =>
  driver.send({ kind: 'engine', event: { kind: 'died', id: idOf(driver), at: 0, exitCode } });
const killed = (driver: Driver) => {
  driver.send({ kind: 'engine', event: { kind: 'oom', id: idOf(driver), at: 0 } });
  return dies(driver, 137);
};
const memory = (driver: Driver) => driver.world.services.get('p/search')?.spec.memory;
const sampled = (driver: Driver, mib: number) =>
  driver.send({
    kind: 'sampled',
    services: [{ id: 'p/search', container: idOf(driver), workingSet: mib * MiB, cpu: 0 }],
    host: { at: driver.now, total: 16_000 * MiB, available: 12_000 * MiB, psi: null, swapIn: null, refaults: null },
  });

describe('a limit that nobody wrote', () => {
  test('is no wall: killed at it, the service starts again with twice as much, until it has what it needs', () => {
    const driver = started(4_000);
    const grants: number[] = [];
    for (let round = 0; round < 4; round++) {
      killed(driver);
      driver.settle();
      const state = driver.state('p/search');
      grants.push('grant' in state ? state.grant / MiB : 0);
    }
    expect(grants).toEqual([400, 800, 1_600, 3_200]);
    killed(driver);
    expect(driver.state('p/search')).toMatchObject({ kind: 'failed', failure: { code: 'over-budget', details: { need: 4_800 * MiB } } });
  });

  test('kills are no crashes, and `restart: no` starts again too', () => {
    const driver = started(4_000, home({ restart: { policy: 'no', maxRetries: null } }));
    killed(driver);
    expect(driver.world.services.get('p/search')?.crashes).toEqual([]);
    expect(driver.notices).toMatchObject([{}, { kind: 'oom', data: { reason: 'limit-inferred', limit: 200 * MiB } }]);
    driver.settle();
    expect(driver.state('p/search').kind).toBe('running');
  });

  test('told after the exit, a kill counts all the same', () => {
    const driver = started(4_000);
    const container = idOf(driver);
    dies(driver, 137);
    expect(driver.state('p/search').kind).toBe('backoff');
    driver.send({ kind: 'engine', event: { kind: 'oom', id: container, at: 0 } }).settle();
    expect(driver.state('p/search')).toMatchObject({ kind: 'running', grant: 400 * MiB });
  });

  test('told after the exit of what must not restart, it starts again with more', () => {
    const driver = started(4_000, home({ restart: { policy: 'no', maxRetries: null } }));
    const container = idOf(driver);
    dies(driver, 137);
    expect(driver.state('p/search').kind).toBe('failed');
    driver.send({ kind: 'engine', event: { kind: 'oom', id: container, at: 0 } }).settle();
    expect(driver.state('p/search')).toMatchObject({ kind: 'running', grant: 400 * MiB });
    expect(driver.world.services.get('p/search')?.cooldown).toMatchObject({ failures: 0, failedAt: null });
  });

  test('without room in the budget the service fails with what it needs, what is free and who holds it', () => {
    const driver = started(700, home({}, { db: { memory: [500, 500] } }));
    killed(driver);
    expect(driver.state('p/search')).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'over-budget',
        message: expect.stringContaining('killed at 200 MB, a limit that nobody set'),
        details: { budget: 700 * MiB, free: 200 * MiB, need: 300 * MiB, holders: [{ service: 'db', grant: 500 * MiB }] },
      },
    });
  });

  test('takes the bursts of others back before it gives up', () => {
    const driver = started(700, home({ priority: 60 }, { db: { memory: [100, 500] } }));
    expect(driver.state('p/db')).toMatchObject({ grant: 500 * MiB });
    driver.now += 60_000;
    sampled(driver, 150);
    driver.send({
      kind: 'sampled',
      services: [{ id: 'p/db', container: 'db-2', workingSet: 50 * MiB, cpu: 0 }],
      host: { at: driver.now, total: 16_000 * MiB, available: 12_000 * MiB, psi: null, swapIn: null, refaults: null },
    });
    killed(driver);
    driver.settle();
    expect(driver.state('p/search')).toMatchObject({ kind: 'running' });
    const state = driver.state('p/search');
    expect('grant' in state && state.grant).toBeGreaterThanOrEqual(300 * MiB);
  });

  test('grows while it runs, beyond the guess', () => {
    const driver = started(4_000);
    sampled(driver, 190);
    expect(driver.stepsOf('resize')).toMatchObject([{ from: 200 * MiB, to: 285 * MiB }]);
    expect(memory(driver)).toEqual({ standard: 100 * MiB, maximum: 285 * MiB, guessed: true });
    expect(driver.steps[0]).toEqual({ kind: 'persist' });
  });

  test('what was learnt outlives a `down`, an `up` with the old definition, and the daemon', () => {
    const driver = started(4_000);
    killed(driver);
    driver.settle();
    const learnt = memory(driver);
    driver.act({ kind: 'down', project: 'p', volumes: false });
    driver.settle();
    driver.up(home());
    driver.settle();
    expect(memory(driver)).toEqual(learnt);
    const next = new Driver(driver.policy);
    next.send({
      kind: 'restored',
      projects: intentOf(driver.world),
      learnt: [...driver.world.learnt].map(([id, figures]) => ({ id, ...figures })),
    });
    expect(next.world.services.get('p/search')?.spec.memory).toEqual(learnt);
    expect(next.world.learnt).toEqual(driver.world.learnt);
  });

  test('that a person writes is a wall again', () => {
    const driver = started(4_000);
    killed(driver);
    driver.settle();
    driver.up(project('p', { search: {} }));
    driver.settle();
    expect(memory(driver)).toEqual({ standard: 100 * MiB, maximum: 200 * MiB });
  });

  test.each([
    ['node', 134],
    ['jvm', 3],
  ] as const)('a heap of %s that was fitted to it (exit %d) is the same', (runtime, code) => {
    const driver = started(4_000, home({ runtime }));
    dies(driver, code);
    expect(driver.notices).toMatchObject([{}, { kind: 'oom', data: { reason: 'limit-inferred', next: 400 * MiB } }]);
    const written = new Driver(policy(4_000)).boot();
    written.up(project('p', { search: { runtime } }));
    written.settle();
    dies(written, code);
    expect(written.state('p/search')).toMatchObject({ kind: 'backoff', exit: { oom: false } });
  });
});
