import { expect, test } from 'vitest';
import type { HoursTick } from '../../daemon/model/schedule.js';
import type { ServiceId } from '../../daemon/model/spec.js';
import type { UseSeen } from '../../daemon/scheduler/state/event.js';
import { intentOf } from '../../daemon/scheduler/state/restore.js';
import { wantedListeners } from '../../daemon/scheduler/state/wiring.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import { containerSpec } from './specs.js';
import { Driver } from './support/driver.js';
import { never } from './support/shop.js';
import { observed, policy, project } from './support/specs.js';

const port = (host: number) => containerSpec({ ports: [{ hostIp: '127.0.0.1', host, container: 80, protocol: 'tcp' }] });
/** An eager API over a database that sleeps, and something that is named by hand. */
const office = project('office', {
  api: { dependsOn: ['db'] },
  db: { start: 'on-demand', idle: 60_000, container: port(8001) },
  tool: { start: 'manual' },
  web: { start: 'on-demand', idle: 60_000, container: port(8002) },
});

function up(budget = 2_000): Driver {
  const driver = new Driver(policy(budget)).boot();
  driver.up(office);
  driver.settle();
  return driver;
}

const tick = (driver: Driver, what: HoursTick) => driver.send({ kind: 'scheduled', project: 'office', what });

function used(driver: Driver, id: ServiceId, seen: Partial<UseSeen>): string[] {
  driver.send({ kind: 'used', uses: [{ id, connections: 0, holding: false, moving: false, execs: 0, lastByteAt: null, ...seen }] });
  return driver.kinds();
}

const states = (driver: Driver) => office.services.map(({ name }) => `${name} ${view(driver, name).state}`);

function view(driver: Driver, name: string) {
  return viewOf(driver.world, driver.world.services.get(`office/${name}`) ?? never(), driver.now);
}

const listeners = (driver: Driver) => wantedListeners(driver.world, 'office', []).map(({ service }) => service);

const restarted = (driver: Driver) => new Driver(policy(2_000)).send({ kind: 'restored', projects: intentOf(driver.world) });

test('down stops all of the project, dependants first, closes its ports and keeps its containers', () => {
  const driver = up();
  expect(listeners(driver)).toEqual(['office/db', 'office/web']);
  expect(tick(driver, 'down').kinds()).toEqual(['persist', 'stop api', 'openListeners']);
  expect(driver.notices.map(({ service, kind }) => [service, kind])).toEqual([
    [null, 'stopping'],
    ['api', 'stopping'],
  ]);
  expect(driver.settle()).not.toContain('remove api');
  expect(states(driver)).toEqual(['api stopped', 'db stopped', 'tool stopped', 'web stopped']);
  expect(listeners(driver)).toEqual([]);
  expect(view(driver, 'api')).toMatchObject({ why: 'stopped by its running hours', container: 'api-2' });
  expect(view(driver, 'web').why).toBe('stopped by its running hours');
  expect(view(driver, 'tool').why).toBe('starts only when it is named');
});

test('up is what an up of the whole profile is: what is eager starts, what is on-demand sleeps with open listeners', () => {
  const driver = up();
  tick(driver, 'down').settle();
  expect(tick(driver, 'up').kinds()).toEqual(['persist', 'openListeners', 'ensureImage api', 'ensureImage db']);
  expect(driver.notices[0]).toMatchObject({ service: null, kind: 'planned' });
  driver.settle();
  expect(states(driver)).toEqual(['api running', 'db running', 'tool stopped', 'web asleep']);
  expect(listeners(driver)).toEqual(['office/db', 'office/web']);
});

test('up leaves what runs alone, also what was named by hand', () => {
  const driver = up();
  driver.act({ kind: 'start', project: 'office', services: ['tool'] });
  driver.settle();
  tick(driver, 'up');
  expect(driver.settle()).toEqual(['persist']);
  expect(states(driver)).toContain('tool running');
});

test('what is in use, and what that needs, stops as soon as nothing holds it', () => {
  const driver = up();
  used(driver, 'office/api', { execs: 1 });
  tick(driver, 'down').settle();
  expect(states(driver)).toEqual(['api running', 'db running', 'tool stopped', 'web stopped']);
  expect(view(driver, 'api').why).toContain('its running hours are over: stops as soon as nothing holds it; held awake: 1 exec session');
  expect(listeners(driver)).toEqual(['office/db']);
  expect(used(driver, 'office/api', {})).toContain('stop api');
  driver.settle();
  expect(states(driver)).toEqual(['api stopped', 'db stopped', 'tool stopped', 'web stopped']);
});

test('silent connections do not hold it: the stop ends them first', () => {
  const driver = up();
  driver.send({ kind: 'wakeRequested', id: 'office/web' });
  driver.settle();
  used(driver, 'office/web', { connections: 20 });
  expect(tick(driver, 'down').stepsOf('stop')).toContainEqual(expect.objectContaining({ id: 'office/web', drain: 10_000 }));
});

test('a client that waits for a start is served first', () => {
  const driver = up();
  driver.send({ kind: 'wakeRequested', id: 'office/web' });
  used(driver, 'office/web', { connections: 1, holding: true });
  tick(driver, 'down').settle();
  expect(states(driver)).toContain('web running');
  used(driver, 'office/web', {});
  driver.settle();
  expect(states(driver)).toContain('web stopped');
});

test('a plan that is refused is a notice, changes nothing, and why says so until it is up', () => {
  const driver = up(2_000);
  tick(driver, 'down').settle();
  const small = new Driver(policy(150)).send({ kind: 'restored', projects: intentOf(driver.world) }).boot();
  tick(small, 'up');
  expect(small.notices).toMatchObject([
    { service: null, level: 'warn', kind: 'refused', data: { reason: 'running-hours', cause: { code: 'over-budget' } } },
  ]);
  expect(small.kinds()).toEqual(['persist']);
  expect(view(small, 'api').why).toContain('was not brought up by its running hours: api, db need 200 MB');
});

test('an up by hand after it wins until the next tick', () => {
  const driver = up();
  used(driver, 'office/api', { execs: 1 });
  tick(driver, 'down').settle();
  driver.act({ kind: 'start', project: 'office', services: ['api', 'web'] });
  driver.settle();
  used(driver, 'office/api', {});
  driver.settle();
  expect(states(driver)).toEqual(['api running', 'db running', 'tool stopped', 'web running']);
  tick(driver, 'down').settle();
  expect(states(driver)).toEqual(['api stopped', 'db stopped', 'tool stopped', 'web stopped']);
});

test('a project that was taken down is not brought up', () => {
  const driver = up();
  driver.act({ kind: 'down', project: 'office', volumes: false });
  expect(tick(driver, 'up').steps).toEqual([]);
  driver.settle();
  expect(tick(driver, 'up').steps).toEqual([]);
  expect(driver.world.projects.size).toBe(0);
});

test('while the engine is away the last tick is remembered, also by a daemon that starts again', () => {
  const driver = up();
  driver.send({ kind: 'engineLost' });
  expect(tick(driver, 'up').kinds()).toEqual(['persist']);
  tick(driver, 'down');
  expect(driver.state('office/api').kind).toBe('running');
  const again = restarted(driver).boot(...office.services.slice(0, 2).map(spec => observed(spec)));
  again.settle();
  expect(states(again)).toEqual(['api stopped', 'db stopped', 'tool stopped', 'web stopped']);
  expect(view(restarted(again).boot(), 'api').why).toBe('stopped by its running hours');
});

test('a stop that waits for an exchange survives the daemon', () => {
  const driver = up();
  used(driver, 'office/api', { execs: 1 });
  tick(driver, 'down').settle();
  const again = restarted(driver).boot(observed(office.services[0] ?? never()), observed(office.services[1] ?? never()));
  expect(again.kinds()).toContain('stop api');
});
