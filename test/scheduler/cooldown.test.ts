import { expect, test } from 'vitest';
import {
  afterFailure,
  afterHealthy,
  afterRest,
  coolsUntil,
  NO_COOLDOWN,
  DEFAULT_COOLDOWN as policy,
} from '../../daemon/scheduler/policy/cooldown.js';
import { MINUTE, NOW, SECOND } from './support/holders.js';

const failures = (count: number) =>
  Array.from({ length: count }).reduce<typeof NO_COOLDOWN>(state => afterFailure(state, policy, NOW), NO_COOLDOWN);

test('each failure doubles the cool-down, from 30 s up to 5 minutes', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 2_000].map(count => ((coolsUntil(failures(count), policy, NOW) ?? 0) - NOW) / SECOND);
  expect(seconds).toEqual([30, 60, 120, 240, 300, 300, 300]);
});

test('it ends by itself', () => {
  expect(coolsUntil(NO_COOLDOWN, policy, NOW)).toBeNull();
  expect(coolsUntil(failures(1), policy, NOW + 29_999)).toBe(NOW + 30_000);
  expect(coolsUntil(failures(1), policy, NOW + 30_000)).toBeNull();
});

test('ten healthy minutes on end forget the failures; less does not, nor two times five', () => {
  const healthy = afterHealthy(failures(4), NOW);
  expect(afterHealthy(healthy, NOW + MINUTE)).toBe(healthy);
  expect(afterFailure(healthy, policy, NOW + 9 * MINUTE).failures).toBe(5);
  expect(afterFailure(healthy, policy, NOW + 10 * MINUTE).failures).toBe(1);
  expect(afterRest(healthy, policy, NOW + 10 * MINUTE)).toEqual(NO_COOLDOWN);
  const twice = afterHealthy(afterRest(healthy, policy, NOW + 5 * MINUTE), NOW + 6 * MINUTE);
  expect(afterFailure(twice, policy, NOW + 11 * MINUTE).failures).toBe(5);
});
