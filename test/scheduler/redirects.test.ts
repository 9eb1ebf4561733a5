import { expect, test } from 'vitest';
import { type CarryPath, PLAIN_ACTIVATION, type Protocol } from '../../daemon/model/spec.js';
import { redirectsOf } from '../../daemon/scheduler/lifecycle/redirects.js';
import { running } from './support/running.js';

const TO = { host: '172.18.0.2', port: 5432 };

test('the kernel may bring connections of its host ports straight to its container', () => {
  expect(redirectsOf(running())).toEqual([{ hostIp: '127.0.0.1', port: 15432, to: TO }]);
});

test.each<[CarryPath, Protocol, boolean]>([
  ['auto', 'postgres', true],
  ['auto', 'redis', true],
  ['auto', 'tcp', true],
  ['auto', 'http', false],
  ['kernel', 'http', true],
  ['splice', 'postgres', false],
])('path %s with protocol %s: %s', (path, protocol, may) => {
  const found = redirectsOf(running({ spec: { protocol, activation: { ...PLAIN_ACTIVATION, path } } }));
  expect(found.length > 0).toBe(may);
});

test('not while it does not run, is paused, is not wanted, or might be paused', () => {
  expect(redirectsOf(running({ state: { kind: 'asleep', exit: null } }))).toEqual([]);
  expect(redirectsOf(running({ frozen: true }))).toEqual([]);
  expect(redirectsOf(running({ awake: false }))).toEqual([]);
  expect(redirectsOf(running({ spec: { activation: { ...PLAIN_ACTIVATION, freezeAfter: 1_000 } } }))).toEqual([]);
});

test('not where the engine publishes a port for the daemon, nor on an address that is not loopback', () => {
  const published = { container: 5432, host: 40_000, hostIp: '127.0.0.1', protocol: 'tcp' as const };
  expect(redirectsOf(running({ ports: [published] }))).toEqual([]);
  expect(redirectsOf(running({ hostIp: '192.168.1.2' }))).toEqual([]);
  expect(redirectsOf(running({ hostIp: '0.0.0.0' }))).toHaveLength(1);
});

test('not at a port that has not answered yet, without which the service counts as ready: the daemon holds who connects there', () => {
  const answered = (...ports: readonly number[]) => ({
    kind: 'answered' as const,
    ports: ports.map(port => ({ port, protocol: null })),
    silent: [],
  });
  expect(redirectsOf(running({ readiness: answered(8080) }))).toEqual([]);
  expect(redirectsOf(running({ readiness: answered(8080, 5432) }))).toHaveLength(1);
  expect(redirectsOf(running({ readiness: { kind: 'unprobed', why: '' } }))).toHaveLength(1);
});
