import { expect, test } from 'vitest';
import type { Readiness } from '../../daemon/model/readiness.js';
import type { PortSpec } from '../../daemon/model/spec.js';
import { EMPTY_WORLD } from '../../daemon/scheduler/state/world.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import { containerSpec } from './specs.js';
import { Driver } from './support/driver.js';
import { running } from './support/running.js';
import { observed, policy, project, service } from './support/specs.js';

const shop = project('shop', { api: { dependsOn: ['db'] }, db: {}, extra: { start: 'manual' } });

function shown(driver: Driver, name: string) {
  const entry = driver.world.services.get(`shop/${name}`);
  if (!entry) throw new Error(`no ${name}`);
  const { state, why, health } = viewOf(driver.world, entry, driver.now);
  return { state, why, health };
}

test('every state has its word and its reason', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(shop);
  expect(shown(driver, 'api')).toEqual({ state: 'starting', why: 'its image is being prepared', health: 'none' });
  driver.send({ kind: 'imageReady', id: 'shop/api', attempt: 1 });
  expect(shown(driver, 'api').why).toBe('waits for db, or a free start slot');
  driver.settle();
  expect(shown(driver, 'api')).toEqual({ state: 'running', why: 'part of profile test', health: 'healthy' });
  expect(shown(driver, 'db').why).toBe('needed by api');
  expect(shown(driver, 'extra')).toEqual({ state: 'stopped', why: 'starts only when it is named', health: 'none' });
  driver.send({ kind: 'engine', event: { kind: 'paused', id: 'api-2', at: 0 } });
  expect(shown(driver, 'api').state).toBe('frozen');
  driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 7 } });
  expect(shown(driver, 'db')).toMatchObject({ state: 'starting', why: 'exited with 7; starts again in 0.5 s' });
  driver.act({ kind: 'stop', project: 'shop', services: ['api'] });
  expect(shown(driver, 'api')).toMatchObject({ state: 'stopping', why: 'stops' });
  driver.settle();
  expect(shown(driver, 'api')).toMatchObject({ state: 'stopped', why: 'was stopped' });
});

test('people are shown the ports at which somebody listens for them, not those that the engine chose for the daemon', () => {
  const port = (host: number | null, container: number): PortSpec => ({ hostIp: '127.0.0.1', host, container, protocol: 'tcp' });
  const container = containerSpec({ ports: [port(5432, 5432), port(null, 8080)] });
  const published = [5432, 8080].map((inner, at) => ({
    hostIp: '127.0.0.1',
    host: 35_089 + at,
    container: inner,
    protocol: 'tcp' as const,
  }));
  const shownOf = (start: 'on-demand' | 'eager') => {
    const entry = running({ spec: { start, idle: null, container }, ports: published });
    const { ports, enginePorts } = viewOf(EMPTY_WORLD, entry, 0);
    return { ports: ports.map(each => each.host), enginePorts: enginePorts.map(each => each.host) };
  };
  expect(shownOf('on-demand')).toEqual({ ports: [5432, 35_090], enginePorts: [35_089] });
  expect(shownOf('eager')).toEqual({ ports: [35_089, 35_090], enginePorts: [] });
});

test('ready is what was asked; what was not says so', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(project('shop', { api: {} }));
  while (driver.state('shop/api').kind !== 'starting') driver.settleOne();
  const attempt = driver.world.services.get('shop/api')?.attempt ?? 0;
  const at = (readiness: Readiness) => {
    const other = new Driver(policy(1_000));
    Object.assign(other, { world: driver.world });
    other.send({ kind: 'launched', id: 'shop/api', attempt, container: observed(service('shop', 'api')) });
    other.send({ kind: 'ready', id: 'shop/api', attempt, readiness });
    const entry = other.world.services.get('shop/api');
    const { ready, health, why } = entry ? viewOf(other.world, entry, 0) : { ready: null, health: null, why: '' };
    return { ready, health, why, reported: other.notices.map(({ kind }) => kind) };
  };
  expect(at({ kind: 'answered', ports: [{ port: 80, protocol: 'http' }], silent: [] })).toEqual({
    ready: 'probed',
    health: 'healthy',
    why: 'part of profile test',
    reported: ['ready'],
  });
  expect(at({ kind: 'unprobed', why: 'it has no health check and no TCP port' })).toMatchObject({
    ready: 'unprobed',
    health: 'none',
    why: 'part of profile test; unprobed: it has no health check and no TCP port',
    reported: ['running'],
  });
  expect(at({ kind: 'unready', why: 'nothing listens on 80' })).toMatchObject({ ready: 'unready', health: 'none', reported: ['running'] });
});
