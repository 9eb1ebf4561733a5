import { describe, expect, test } from 'vitest';
import type { ObservedContainer } from '../../daemon/model/observed.js';
import { intentOf } from '../../daemon/scheduler/state/restore.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { never, running, shop } from './support/shop.js';
import { observed, policy, project, type Sketch } from './support/specs.js';

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
    expect(again.stepsOf('launch')).toMatchObject([{ previous: 'c-db', recreate: true }]);
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

  describe('and finds a service that has ended with 0', () => {
    const finished = { status: 'exited', exitCode: 0, pid: null } as const;
    const bySketch = (sketch: Sketch, more: Partial<ObservedContainer> = {}, up = ['once']) => {
      const spec = project('p', { once: sketch });
      const driver = new Driver(policy(1_000)).send({ kind: 'restored', projects: [{ ...none, spec, up }] });
      return { spec, driver: driver.boot(observed(spec.services[0] ?? never(), { ...finished, ...more })) };
    };
    const once: Sketch = { restart: { policy: 'no', maxRetries: null } };

    test('lets one with `restart: no` rest, that nothing waits for; an up keeps it, a restart runs it again', () => {
      const { spec, driver } = bySketch(once);
      expect(driver.settle()).toEqual([]);
      expect(driver.state('p/once').kind).toBe('completed');
      expect(driver.up(spec)).toMatchObject({ plan: { starts: [], keeps: ['p/once'] } });
      driver.act({ kind: 'restart', project: 'p', services: ['once'] });
      expect(driver.settle()).toContain('launch once');
    });

    test.each<[string, Sketch, Partial<ObservedContainer>]>([
      ['it may be a server that the engine stopped on its way out', {}, {}],
      ['`restart: always` says so', { restart: { policy: 'always', maxRetries: null } }, {}],
      ['it has failed', once, { exitCode: 1 }],
      ['it ran with another definition', once, { configHash: 'older' }],
      ['it was asleep when the last daemon ended', sleeper(8080, 600, { ...once, start: 'eager' }), {}],
    ])('starts it: %s', (_why, sketch, more) => expect(bySketch(sketch, more).driver.settle()).toContain('launch once'));

    test('leaves it alone where it is not wanted', () => {
      const { driver } = bySketch(once, {}, []);
      expect(driver.settle()).toEqual([]);
      expect(driver.state('p/once').kind).toBe('asleep');
    });

    test('starts it where that was asked of the last daemon, which was killed before', () => {
      const { spec, driver } = bySketch(once, {}, []);
      driver.act({ kind: 'start', project: 'p', services: ['once'] });
      expect(intentOf(driver.world)).toMatchObject([{ up: ['once'], restart: ['once'] }]);
      const next = killed(driver).boot(observed(spec.services[0] ?? never(), finished));
      expect(next.settle()).toContain('launch once');
      expect(intentOf(next.world)).toMatchObject([{ up: ['once'], restart: [] }]);
    });

    test('starts it where it went down with an engine that this daemon has watched', () => {
      const { driver, spec } = bySketch(once, { status: 'running', exitCode: null });
      driver.send({ kind: 'engineLost' }).boot(observed(spec.services[0] ?? never(), finished));
      expect(driver.settle()).toContain('launch once');
    });

    test('lets it rest also where the engine answers only later', () => {
      const spec = project('p', { once });
      const driver = new Driver(policy(1_000)).send({ kind: 'restored', projects: [{ ...none, spec, up: ['once'] }] });
      driver.send({ kind: 'engineLost' }).boot(observed(spec.services[0] ?? never(), finished));
      expect(driver.state('p/once').kind).toBe('completed');
    });
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
    expect(driver.kinds()).toEqual(['list']);
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
    expect(driver.kinds()).toEqual(['list']);
  });
});
