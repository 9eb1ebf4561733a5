import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../daemon/model/observed.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from './support/driver.js';
import { never, running, shop } from './support/shop.js';
import { observed, policy, project } from './support/specs.js';

describe('up', () => {
  test('keeps the intent first, makes the images, starts the dependency, then its dependant', () => {
    const driver = new Driver(policy(1_000)).boot();
    expect(driver.up(shop).ok).toBe(true);
    expect(driver.kinds()).toEqual(['persist', 'ensureImage api', 'ensureImage db']);
    expect(driver.settle()).toEqual(['persist', 'ensureImage api', 'ensureImage db', 'launch db', 'probe db', 'launch api', 'probe api']);
    expect(driver.state('shop/api').kind).toBe('running');
  });

  test('is not needed twice: nothing to do, nothing done but the intent kept', () => {
    const driver = running();
    const answer = driver.up(shop);
    expect(answer).toMatchObject({ ok: true, plan: { starts: [], keeps: ['shop/api', 'shop/db'], stops: [] } });
    expect(driver.kinds()).toEqual(['persist']);
  });

  test('gives each its standard, and what is left to the highest priority', () => {
    const spec = project('p', { a: { memory: [100, 300] }, b: { memory: [100, 300], priority: 60 } });
    const driver = new Driver(policy(450)).boot();
    expect(driver.up(spec)).toMatchObject({
      plan: {
        starts: [
          { id: 'p/a', grant: 150 * MiB },
          { id: 'p/b', grant: 300 * MiB },
        ],
        grantedBefore: 0,
        grantedAfter: 450 * MiB,
      },
    });
  });

  test('that does not fit is refused with need, free and holders, and changes nothing', () => {
    const driver = running(shop, 450);
    const before = driver.world;
    const answer = driver.up(project('other', { big: { memory: [300, 400] } }));
    expect(answer).toMatchObject({
      ok: false,
      failure: {
        code: 'over-budget',
        details: { need: 300 * MiB, free: 50 * MiB, holders: [{ service: 'api' }, { service: 'db' }] },
      },
    });
    expect(driver.steps).toEqual([]);
    expect([...driver.world.services.keys()]).toEqual([...before.services.keys()]);
  });

  test('starts at most three at once', () => {
    const spec = project('p', { a: {}, b: {}, c: {}, d: {} });
    const driver = new Driver(policy(1_000)).boot();
    driver.up(spec);
    for (const name of ['a', 'b', 'c', 'd']) driver.send({ kind: 'imageReady', id: `p/${name}`, attempt: 1 });
    expect(driver.state('p/c').kind).toBe('starting');
    expect(driver.state('p/d').kind).toBe('pending');
    driver.send({ kind: 'launched', id: 'p/a', attempt: 1, container: observed(spec.services[0] ?? never()) });
    driver.send({ kind: 'ready', id: 'p/a', attempt: 1, readiness: { kind: 'unprobed', why: 'no port' } });
    expect(driver.kinds()).toEqual(['launch d']);
  });

  test('with a changed definition stops and starts again within the budget', () => {
    const driver = running();
    const changed = project('shop', { api: { dependsOn: ['db'], configHash: 'new' }, db: {} });
    driver.up(changed);
    expect(driver.settle()).toEqual(['persist', 'stop api', 'ensureImage api', 'launch api', 'probe api']);
    expect(driver.state('shop/api')).toMatchObject({ kind: 'running', hash: 'new' });
  });

  test('of another profile stops what only the old one needed', () => {
    const driver = running(project('p', { a: {}, b: {} }));
    const narrower = project('p', { a: {}, b: { start: 'manual' } });
    expect(driver.up(narrower)).toMatchObject({ plan: { stops: ['p/b'] } });
    expect(driver.settle()).toEqual(['persist', 'stop b', 'remove b', 'persist']);
    expect(driver.state('p/b').kind).toBe('asleep');
  });

  test('whose room is only freed by its own stops waits for them: never both at once', () => {
    const driver = running(project('p', { old: { memory: [300, 400] } }), 400);
    expect(driver.up(project('p', { new: { memory: [300, 400] } })).ok).toBe(true);
    expect(driver.kinds()).toEqual(['persist', 'stop old']);
    expect(driver.state('p/new').kind).toBe('queued');
    expect(driver.settle()).toEqual(['persist', 'stop old', 'remove old', 'ensureImage new', 'launch new', 'probe new']);
  });

  test('refuses a cycle, an unknown service and a folder that is not the known one', () => {
    const driver = running();
    expect(driver.up(project('c', { a: { dependsOn: ['b'] }, b: { dependsOn: ['a'] } }))).toMatchObject({ failure: { code: 'cycle' } });
    expect(driver.up(shop, ['apo'])).toMatchObject({
      failure: { code: 'not-found', details: { missing: ['apo'], known: expect.arrayContaining(['api']) } },
    });
    expect(driver.up({ ...shop, root: '/elsewhere' })).toMatchObject({ failure: { code: 'name-taken' } });
  });

  test('with recreate makes the named ones anew, not what they depend on', () => {
    const driver = running();
    const answer = driver.act({ kind: 'up', spec: shop, services: ['api'], recreate: true });
    expect(answer).toMatchObject({ plan: { starts: [{ id: 'shop/api' }], keeps: ['shop/db'] } });
    driver.settle();
    expect(driver.act({ kind: 'up', spec: shop, services: null, recreate: true })).toMatchObject({
      plan: { starts: [{ id: 'shop/api' }, { id: 'shop/db' }] },
    });
  });

  test('without an engine is refused', () => {
    expect(new Driver(policy(1_000)).up(shop)).toMatchObject({ failure: { code: 'engine-unavailable' } });
  });
});

describe('one-shots', () => {
  const spec = project('p', { web: { dependsOn: ['migrate:completed'] }, migrate: { restart: { policy: 'no', maxRetries: null } } });

  test('end with 0, give their grant back, and let their dependants start', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(spec);
    driver.settle();
    expect(driver.state('p/web').kind).toBe('pending');
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'migrate-1', at: 0, exitCode: 0 } });
    expect(driver.state('p/migrate').kind).toBe('completed');
    expect(driver.kinds()).toEqual(['launch web']);
    driver.settle();
    expect(driver.up(spec)).toMatchObject({ plan: { starts: [] } });
  });

  test('that fail are not tried again, and their dependants say why', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(spec);
    driver.settle();
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'migrate-1', at: 0, exitCode: 3 } });
    expect(driver.state('p/migrate')).toMatchObject({ kind: 'failed', failure: { code: 'exited' } });
    expect(driver.state('p/web')).toMatchObject({ kind: 'failed', failure: { code: 'dependency-failed' } });
  });

  test('that end before the engine has answered the start are not missed', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(spec);
    driver.send({ kind: 'imageReady', id: 'p/migrate', attempt: 1 });
    driver.send({ kind: 'engine', event: { kind: 'started', id: 'quick', at: 0 } });
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'quick', at: 0, exitCode: 0 } });
    const migrate = spec.services[1] ?? never();
    driver.send({ kind: 'launched', id: 'p/migrate', attempt: 1, container: observed(migrate, { id: 'quick' }) });
    expect(driver.state('p/migrate').kind).toBe('completed');
  });

  test.each([
    ['before the exit', ['started', 'oom', 'died']],
    ['after the exit', ['started', 'died', 'oom']],
  ])('that are killed at the limit before the engine has answered the start are said to be: the kill is told %s', (_when, events) => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(spec);
    driver.send({ kind: 'imageReady', id: 'p/migrate', attempt: 1 });
    const all = { started: {}, oom: {}, died: { exitCode: 137 } };
    for (const kind of events as (keyof typeof all)[])
      driver.send({ kind: 'engine', event: { kind, id: 'quick', at: 0, ...all[kind] } as EngineEvent });
    const migrate = spec.services[1] ?? never();
    driver.send({ kind: 'launched', id: 'p/migrate', attempt: 1, container: observed(migrate, { id: 'quick' }) });
    expect(driver.state('p/migrate')).toMatchObject({ kind: 'failed', failure: { code: 'out-of-memory' } });
  });
});

test.each([
  ['to the byte, starts', 200 * MiB, 'running'],
  ['but for a byte, waits', 200 * MiB - 1, 'queued'],
] as const)('after the engine has lost its containers, the second that fits %s', (_what, budget, kind) => {
  const driver = new Driver(policy(200)).boot();
  driver.up(project('p', { a: { memory: [100, 100] }, b: { memory: [100, 100] } }));
  driver.settle();
  Object.assign(driver, { policy: { ...driver.policy, budget } });
  driver.send({ kind: 'engineLost' });
  driver.boot();
  driver.settle();
  expect([driver.state('p/a').kind, driver.state('p/b').kind]).toEqual(['running', kind]);
});
