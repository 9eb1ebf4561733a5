import { expect, test } from 'vitest';
import { standing, Waiters } from '../../daemon/runtime/waiters.js';
import { Driver } from '../scheduler/support/driver.js';
import { policy, project } from '../scheduler/support/specs.js';

const shop = project('shop', { api: { dependsOn: ['db'] }, db: {} });
const IDS = ['shop/api', 'shop/db'] as const;

function running(): Driver {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(shop);
  driver.settle();
  return driver;
}

test('up is reached when all run, not before', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(shop);
  expect(standing(driver.world, IDS, 'up')).toBeUndefined();
  driver.settle();
  expect(standing(driver.world, IDS, 'up')).toBeNull();
});

test('up is out of reach when one fails, with its failure, or is stopped', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(shop);
  const value = { code: 'image-missing', message: 'no image', details: {}, remedies: ['build it'] } as const;
  driver.send({ kind: 'startFailed', id: 'shop/db', attempt: 1, failure: value, container: null, running: false });
  expect(standing(driver.world, IDS, 'up'), 'the cause, not that api waits in vain').toEqual(value);
  expect(standing(driver.world, ['shop/db'], 'up')).toEqual(value);
  driver.act({ kind: 'stop', project: 'shop', services: ['api'] });
  expect(standing(driver.world, ['shop/api'], 'up')).toMatchObject({ code: 'cancelled' });
});

test('up is told to be out of reach with the last words, not before they are read', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(project('p', { api: { restart: { policy: 'no', maxRetries: null } } }));
  driver.settle();
  driver.send({ kind: 'engine', event: { kind: 'died', id: 'api-1', at: 0, exitCode: 1 } });
  expect(standing(driver.world, ['p/api'], 'up')).toBeUndefined();
  driver.send({ kind: 'logTail', id: 'p/api', container: 'api-1', lines: ['boom'] });
  expect(standing(driver.world, ['p/api'], 'up')).toMatchObject({ code: 'exited', details: { lastLines: ['boom'] } });
});

test('gone is reached when the containers are removed and the project is cleared', () => {
  const driver = running();
  driver.act({ kind: 'down', project: 'shop', volumes: false });
  expect(standing(driver.world, IDS, 'gone')).toBeUndefined();
  driver.settle();
  expect(standing(driver.world, IDS, 'gone')).toBeNull();
});

test('gone is not reached by the event of a removal that is not answered yet: its project is still to be cleared', () => {
  const driver = new Driver(policy(1_000)).boot();
  driver.up(project('p', { api: {} }));
  driver.settle();
  driver.act({ kind: 'down', project: 'p', volumes: false });
  driver.send({ kind: 'stopped', id: 'p/api', container: 'api-1', exit: null });
  driver.send({ kind: 'engine', event: { kind: 'destroyed', id: 'api-1', at: 0 } });
  expect(standing(driver.world, ['p/api'], 'gone')).toBeUndefined();
  driver.send({ kind: 'removed', id: 'p/api', container: 'api-1' });
  expect(driver.kinds()).toContain('clearProject');
  expect(standing(driver.world, ['p/api'], 'gone')).toBeUndefined();
  driver.send({ kind: 'projectCleared', project: 'p', failure: null });
  expect(standing(driver.world, ['p/api'], 'gone')).toBeNull();
});

test('waiters are told once, by the decision that gets them there; one that leaves is forgotten', async () => {
  const driver = running();
  const waiters = new Waiters();
  driver.act({ kind: 'stop', project: 'shop', services: ['api'] });
  const leaving = new AbortController();
  const left = waiters.wait(driver.world, ['shop/api'], 'down', leaving.signal);
  const stays = waiters.wait(driver.world, ['shop/api'], 'down', new AbortController().signal);
  leaving.abort(new Error('gone home'));
  await expect(left).rejects.toThrow('gone home');
  driver.settle();
  waiters.update(driver.world);
  await expect(stays).resolves.toBeNull();
});
