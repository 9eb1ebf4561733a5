import { expect, test } from 'vitest';
import { viewOf } from '../../daemon/core/view.js';
import { Driver } from './support/driver.js';
import { policy, project } from './support/specs.js';

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
  expect(shown(driver, 'api')).toEqual({ state: 'starting', why: 'its image is being made ready', health: 'none' });
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
