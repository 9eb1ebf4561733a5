import { describe, expect, test } from 'vitest';
import { MiB } from '../../daemon/core/bytes.js';
import { nextDeadline } from '../../daemon/core/decide.js';
import { intentOf } from '../../daemon/core/restore.js';
import { Driver } from './support/driver.js';
import { observed, policy, project } from './support/specs.js';

const shop = project('shop', { api: { dependsOn: ['db'] }, db: {} });

function running(spec = shop, budget = 1_000): Driver {
  const driver = new Driver(policy(budget)).boot();
  driver.up(spec);
  driver.settle();
  return driver;
}

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
    driver.send({ kind: 'ready', id: 'p/a', attempt: 1, checked: false });
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
    expect(driver.up(shop, ['apo'])).toMatchObject({ failure: { code: 'not-found', message: expect.stringContaining('api') } });
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
});

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
      const due = nextDeadline(driver.world) ?? 0;
      pauses.push(due - driver.now);
      driver.now = due;
      driver.send({ kind: 'tick' }).settle();
      expect(driver.state('p/api').kind).toBe('running');
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
    die(driver, 1);
    expect(driver.state('p/api')).toMatchObject({ kind: 'failed', failure: { code: 'crash-loop' } });
    expect(driver.kinds()).toEqual(['lastWords api']);
    driver.send({ kind: 'lastWords', id: 'p/api', container: driver.stepsOf('lastWords')[0]?.container ?? '', lines: ['boom'] });
    expect(driver.state('p/api')).toMatchObject({ failure: { details: { lastLines: ['boom'] } }, wordsDue: false });
    expect(driver.notices).toMatchObject([{ kind: 'failed', text: 'its last words: boom' }]);
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
    expect(driver.notices[0]).toMatchObject({ kind: 'oom', text: expect.stringContaining('200 MB') });
    die(driver, 137);
    expect(driver.notices[0]).toMatchObject({ kind: 'oom', text: expect.stringContaining('killed at its 200 MB limit') });
    expect(driver.state('p/api')).toMatchObject({ kind: 'backoff', exit: { code: 137, oom: true } });
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

describe('stopped from outside', () => {
  const stopIt = (driver: Driver) => {
    driver.send({ kind: 'engine', event: { kind: 'killed', id: 'db-1', at: 0, signal: 15 } });
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 143 } });
  };

  test('by docker stop is honoured', () => {
    const driver = running(project('p', { db: {} }));
    stopIt(driver);
    expect(driver.state('p/db').kind).toBe('asleep');
    expect(driver.kinds()).toEqual(['persist']);
  });

  test('by an engine that ends is not: the service comes back with it', () => {
    const driver = running(project('p', { db: {} }));
    stopIt(driver);
    driver.now += 5_000;
    driver.send({ kind: 'engineLost' });
    const db = driver.world.services.get('p/db')?.spec ?? never();
    driver.boot(observed(db, { id: 'db-1', status: 'exited', exitCode: 143, pid: null }));
    expect(driver.settle()).toEqual(['persist', 'persist', 'ensureImage db', 'launch db', 'probe db']);
    expect(driver.world.services.get('p/db')?.crashes).toEqual([]);
  });

  test('by docker rm -f is made again', () => {
    const driver = running(project('p', { db: {} }));
    stopIt(driver);
    driver.send({ kind: 'engine', event: { kind: 'destroyed', id: 'db-1', at: 0 } });
    expect(driver.settle()).toContain('launch db');
  });
});

describe('down', () => {
  test('stops dependants first, removes the containers, then the networks, and forgets the project', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.settle()).toEqual(['persist', 'stop api', 'stop db', 'remove api', 'remove db', 'clearProject', 'persist']);
    expect(driver.world.projects.size).toBe(0);
    expect(driver.world.services.size).toBe(0);
  });

  test('during a launch waits for the engine, then stops what it made', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(shop);
    driver.send({ kind: 'imageReady', id: 'shop/db', attempt: 1 });
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.state('shop/db').kind).toBe('starting');
    driver.send({ kind: 'launched', id: 'shop/db', attempt: 1, container: observed(shop.services[1] ?? never()) });
    expect(driver.kinds()).toContain('stop db');
    expect(driver.settle()).toContain('clearProject');
    expect(driver.world.services.size).toBe(0);
  });

  test('and up again: what failed late for the old start does not fail the new one', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(shop);
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.send({ kind: 'projectCleared', project: 'shop', failure: null });
    driver.up(shop);
    const failed = { code: 'image-missing', message: 'no such image', details: {}, remedies: ['pull'] } as const;
    driver.send({ kind: 'startFailed', id: 'shop/db', attempt: 1, failure: failed, container: null, running: false });
    expect(driver.state('shop/db').kind).toBe('pending');
  });

  test('is overtaken by a later up: last intent wins', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.up(shop);
    driver.settle();
    expect(driver.state('shop/api').kind).toBe('running');
    expect(driver.state('shop/db').kind).toBe('running');
  });
});

describe('an action during a down', () => {
  const kept = (driver: Driver) => intentOf(driver.world);

  test('start: the project stays, for the next daemon too, with what was asked for', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: true });
    expect(driver.act({ kind: 'start', project: 'shop', services: ['db'] }).ok).toBe(true);
    expect(kept(driver)).toMatchObject([{ up: ['db'], leaving: null }]);
    expect(driver.settle()).not.toContain('clearProject');
    expect(driver.state('shop/db').kind).toBe('running');
    expect(driver.world.services.get('shop/api')).toMatchObject({ want: 'down', container: null });
  });

  test('start: what the down has removed already is known again, as a dependency too', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.send({ kind: 'stopped', id: 'shop/api', container: containerOf(driver, 'shop/api'), exit: null });
    driver.send({ kind: 'removed', id: 'shop/api', container: containerOf(driver, 'shop/api') });
    expect(driver.world.services.has('shop/api')).toBe(false);
    expect(driver.act({ kind: 'start', project: 'shop', services: ['api'] })).toMatchObject({
      ok: true,
      plan: { starts: [{ id: 'shop/api' }, { id: 'shop/db' }] },
    });
    driver.settle();
    expect(driver.state('shop/api').kind).toBe('running');
  });

  test('stop: the down is finished all the same', () => {
    const driver = running();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    expect(driver.act({ kind: 'stop', project: 'shop', services: ['db'] }).ok).toBe(true);
    driver.settle();
    expect(driver.world.projects.size).toBe(0);
  });
});

describe('a daemon that starts again', () => {
  const none = { restart: [], recreate: [], leaving: null } as const;
  const restored = { kind: 'restored', projects: [{ spec: shop, up: ['api', 'db'], ...none }] } as const;
  const [api, db] = [shop.services[0] ?? never(), shop.services[1] ?? never()];

  test('adopts what runs and starts what is missing', () => {
    const driver = new Driver(policy(1_000)).send(restored).boot(observed(db));
    expect(driver.state('shop/db')).toMatchObject({ kind: 'running', grant: 200 * MiB });
    expect(driver.settle()).toEqual(['ensureImage api', 'launch api', 'probe api']);
  });

  test('finishes a down that was interrupted', () => {
    const driver = new Driver(policy(1_000)).send({
      ...restored,
      projects: [{ spec: shop, ...none, up: [], leaving: { volumes: false } }],
    });
    driver.boot(observed(api), observed(db, { status: 'exited', exitCode: 0, pid: null }));
    expect(driver.settle()).toEqual(['stop api', 'remove db', 'remove api', 'clearProject', 'persist']);
    expect(driver.world.projects.size).toBe(0);
  });

  const killed = (driver: Driver) => new Driver(policy(1_000)).send({ kind: 'restored', projects: intentOf(driver.world) });

  test('restarts what was to be restarted: it ends by the stop that the last daemon began, which is no end of its own', () => {
    const before = running();
    before.act({ kind: 'restart', project: 'shop', services: ['db'] });
    expect(before.kinds()).toEqual(['persist', 'stop db']);
    const driver = killed(before).boot(observed(db), observed(api));
    expect(driver.kinds()).toEqual(['stop db']);
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'c-db', at: 0, exitCode: 0 } });
    expect(driver.settle()).toContain('launch db');
    expect(intentOf(driver.world)).toMatchObject([{ restart: [], recreate: [] }]);
  });

  test('starts what was asked to start while it stopped', () => {
    const before = running();
    before.act({ kind: 'stop', project: 'shop', services: ['api'] });
    before.act({ kind: 'start', project: 'shop', services: ['api'] });
    const driver = killed(before).boot(observed(db), observed(api));
    expect(driver.kinds()).toEqual(['stop api']);
    driver.settle();
    expect(driver.state('shop/api').kind).toBe('running');
  });

  test('makes anew what was to be made anew, though the last daemon had stopped it already', () => {
    const before = running();
    before.act({ kind: 'up', spec: shop, services: ['db'], recreate: true });
    const driver = killed(before).boot(observed(db, { status: 'exited', exitCode: 0 }), observed(api));
    driver.settle();
    expect(driver.state('shop/db').kind).toBe('running');
    const again = killed(before).boot(observed(db, { status: 'exited', exitCode: 0 }), observed(api));
    again.send({ kind: 'imageReady', id: 'shop/db', attempt: 1 });
    expect(again.stepsOf('launch')).toMatchObject([{ previous: 'c-db', fresh: true }]);
  });

  test('runs a one-shot again that was to be restarted, and one that was not only once', () => {
    const spec = project('p', { web: { dependsOn: ['migrate:completed'] }, migrate: {} });
    const [web, migrate] = [spec.services[0] ?? never(), spec.services[1] ?? never()];
    const seen = [observed(web), observed(migrate, { status: 'exited', exitCode: 0 })];
    const begin = (restart: string[]) =>
      new Driver(policy(1_000)).send({ kind: 'restored', projects: [{ ...none, spec, up: ['web', 'migrate'], restart }] }).boot(...seen);
    expect(begin([]).settle()).toEqual([]);
    expect(begin(['migrate']).settle()).toContain('launch migrate');
  });

  test('without its state file takes in what runs by its labels', () => {
    const driver = new Driver(policy(1_000)).boot(observed(db));
    expect(driver.state('shop/db').kind).toBe('running');
    expect(driver.kinds()).toEqual(['persist']);
    driver.up(shop);
    expect(driver.settle()).toContain('launch api');
  });

  test('without its state file knows the folder of what it takes in: another one cannot take its name', () => {
    const driver = new Driver(policy(1_000)).boot(observed(db));
    expect(driver.world.projects.get('shop')?.spec.root).toBe('/projects/shop');
    expect(driver.up({ ...shop, root: '/elsewhere/shop' })).toMatchObject({ failure: { code: 'name-taken' } });
    expect(driver.up(shop).ok).toBe(true);
  });

  test('discards what was made for a project that is not known any more, and was never started', () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.send({ kind: 'engine', event: { kind: 'created', id: 'c-db', at: 0 } });
    expect(driver.kinds()).toEqual(['look']);
    driver.boot(observed(db, { status: 'created', pid: null }));
    expect(driver.stepsOf('discard')).toEqual([{ kind: 'discard', container: 'c-db' }]);
    expect(driver.world.projects.size).toBe(0);
  });

  test('discards the surplus of two containers of one service', () => {
    const driver = new Driver(policy(1_000)).send(restored);
    driver.boot(observed(db, { id: 'old', status: 'exited' }), observed(db, { id: 'new' }), observed(api));
    expect(driver.stepsOf('discard')).toEqual([{ kind: 'discard', container: 'old' }]);
  });

  test('looks again when a container starts that nobody accounts for', () => {
    const driver = new Driver(policy(1_000)).send(restored).boot(observed(db), observed(api));
    driver.send({ kind: 'engine', event: { kind: 'started', id: 'stranger', at: 0 } });
    expect(driver.kinds()).toEqual(['look']);
  });
});

test('what never becomes healthy is stopped, then failed, and gives its grant back', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(project('p', { db: {} }));
  driver.send({ kind: 'imageReady', id: 'p/db', attempt: 1 });
  const db = driver.world.services.get('p/db')?.spec ?? never();
  driver.send({ kind: 'launched', id: 'p/db', attempt: 1, container: observed(db) });
  const unhealthy = { code: 'unhealthy', message: 'not healthy', details: {}, remedies: ['look'] } as const;
  driver.send({ kind: 'startFailed', id: 'p/db', attempt: 1, failure: unhealthy, container: 'c-db', running: true });
  expect(driver.state('p/db').kind).toBe('stopping');
  driver.settle();
  expect(driver.state('p/db')).toMatchObject({ kind: 'failed', failure: unhealthy });
});

describe('what the engine does not answer to', () => {
  const silence = { code: 'engine-timeout', message: 'no answer', details: {}, remedies: ['wait'] } as const;
  const leaving = () => {
    const driver = new Driver(policy(1_000)).boot();
    driver.up(project('p', { db: {} }));
    driver.settle();
    driver.act({ kind: 'down', project: 'p', volumes: false });
    driver.send({ kind: 'stopped', id: 'p/db', container: 'db-1', exit: null });
    return driver;
  };

  test('a removal is given again after a pause, and nothing is forgotten before', () => {
    const driver = leaving();
    driver.send({ kind: 'removeFailed', id: 'p/db', container: 'db-1', failure: silence });
    expect(driver.steps).toEqual([]);
    driver.now = nextDeadline(driver.world) ?? 0;
    expect(driver.now).toBe(5_000);
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['remove db']);
    driver.send({ kind: 'removed', id: 'p/db', container: 'db-1' });
    driver.send({ kind: 'projectCleared', project: 'p', failure: silence });
    expect(driver.world.projects.size).toBe(1);
    driver.now = nextDeadline(driver.world) ?? 0;
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['clearProject']);
    driver.send({ kind: 'projectCleared', project: 'p', failure: null });
    expect(driver.world.projects.size).toBe(0);
  });

  test('a removal that is refused is not: the service is let go, and that is said', () => {
    const driver = leaving();
    driver.send({ kind: 'removeFailed', id: 'p/db', container: 'db-1', failure: { ...silence, code: 'engine-error' } });
    expect(driver.notices).toMatchObject([{ level: 'warn', text: expect.stringContaining('laptop-dev clean') }]);
    expect(driver.kinds()).toEqual(['clearProject']);
  });

  test('no deadline comes while there is no engine: it would come again and again', () => {
    const driver = running(project('p', { db: { restart: { policy: 'always', maxRetries: null } } }));
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 1 } });
    expect(nextDeadline(driver.world)).toBe(500);
    driver.send({ kind: 'engineLost' });
    expect(nextDeadline(driver.world)).toBeNull();
  });
});

test('a stop that the engine cannot do is tried again after a pause, its grant held all the while', () => {
  const driver = running(project('p', { db: {} }));
  driver.act({ kind: 'stop', project: 'p', services: ['db'] });
  const failed = { code: 'engine-timeout', message: 'no answer', details: {}, remedies: ['wait'] } as const;
  driver.send({ kind: 'stopFailed', id: 'p/db', container: 'db-1', failure: failed });
  expect(driver.state('p/db')).toMatchObject({ kind: 'stopping', grant: 200 * MiB });
  driver.now = nextDeadline(driver.world) ?? 0;
  expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['stop db']);
});

function containerOf(driver: Driver, id: string): string {
  return driver.world.services.get(id as 'a/b')?.container ?? never();
}

function never(): never {
  throw new Error('the fixture lacks what this test needs');
}
