import fc from 'fast-check';
import * as cron from 'node-cron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everyDay, lastTick, nextTick, readCron } from '../../daemon/schedule/calendar.js';
import { runs } from '../support/deep.js';

const zone = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const read = (expression: string) => everyDay(expression) ?? readCron(expression, cron);
const local = (text: string) => new Date(text).getTime();
const shown = (at: number | null) => (at === null ? null : new Date(at).toISOString());

describe('the next and the last tick', () => {
  it.each([
    ['0 9 * * 1-5', '2026-11-20T10:00', '2026-11-20T09:00', '2026-11-23T09:00'],
    ['0 9 * * mon-fri', '2026-11-20T09:00', '2026-11-20T09:00', '2026-11-23T09:00'],
    ['0 18 * * *', '2026-11-20T17:59:59', '2026-11-19T18:00', '2026-11-20T18:00'],
    ['*/2 * * * * *', '2026-11-20T17:59:59', '2026-11-20T17:59:58', '2026-11-20T18:00'],
    ['*/15 8-18 * * *', '2026-11-20T18:45', '2026-11-20T18:45', '2026-11-21T08:00'],
    ['0 0 29 2 *', '2026-11-20T00:00', '2024-02-29T00:00', '2028-02-29T00:00'],
    ['0 12 L * *', '2026-02-28T12:00:01', '2026-02-28T12:00', '2026-03-31T12:00'],
    ['0 9 1W * *', '2026-08-15T00:00', '2026-08-03T09:00', '2026-09-01T09:00'],
    ['0 9 * * 5#2', '2026-11-20T00:00', '2026-11-13T09:00', '2026-12-11T09:00'],
    ['@daily', '2026-11-20T00:00:01', '2026-11-20T00:00', '2026-11-21T00:00'],
  ])('%s at %s', (expression, now, last, next) => {
    expect(shown(lastTick(read(expression), 0, local(now)))).toBe(shown(local(last)));
    expect(shown(nextTick(read(expression), local(now)))).toBe(shown(local(next)));
  });

  it('there is none before the moment from which on ticks count', () => {
    expect(lastTick(read('0 9 * * *'), local('2026-11-20T09:00'), local('2026-11-20T23:00'))).toBeNull();
    expect(lastTick(read('0 0 29 2 *'), local('2026-01-01T00:00'), local('2026-11-20T23:00'))).toBeNull();
  });
});

describe('when the clocks change', () => {
  it('a time that they skip comes as much later', () => {
    expect(shown(nextTick(read('30 2 * * *'), local('2026-03-29T00:00')))).toBe('2026-03-29T01:30:00.000Z');
    expect(shown(lastTick(read('30 2 * * *'), 0, local('2026-03-29T12:00')))).toBe('2026-03-29T01:30:00.000Z');
  });

  it('a time that comes twice is a tick the first time', () => {
    const first = Date.parse('2026-10-25T00:30:00Z');
    expect(nextTick(read('30 2 * * *'), local('2026-10-25T00:00'))).toBe(first);
    expect(shown(nextTick(read('30 2 * * *'), first))).toBe(shown(local('2026-10-26T02:30')));
    expect(lastTick(read('30 2 * * *'), 0, first + 3 * 3_600_000)).toBe(first);
  });
});

it('the plain expression of a day needs no node-cron, and means the same', () => {
  const moment = fc.integer({ min: local('2026-01-01T00:00'), max: local('2027-01-01T00:00') });
  fc.assert(
    fc.property(fc.nat(59), fc.nat(23), moment, (minute, hour, now) => {
      const plain = everyDay(`${minute} ${hour} * * *`);
      const full = readCron(`${minute} ${hour} * * *`, cron);
      return plain !== null && nextTick(plain, now) === nextTick(full, now) && lastTick(plain, 0, now) === lastTick(full, 0, now);
    }),
    { numRuns: runs(300) },
  );
  expect([everyDay('60 9 * * *'), everyDay('0 24 * * *'), everyDay('0 9 * * 1')]).toEqual([null, null, null]);
});

it('the next tick is the first that comes after, the last the last before: node-cron says so at each second between', () => {
  const expressions = ['*/7 * * * * *', '3,11 */2 8-10 * * *', '30 0 9 * * 1-5', '0 59 23 L * *', '0 0 0 1 * 0'];
  const moment = fc.integer({ min: local('2026-01-01T00:00'), max: local('2026-03-01T00:00') });
  fc.assert(
    fc.property(fc.constantFrom(...expressions), moment, (expression, now) => {
      const task = cron.createTask(expression, () => undefined);
      void task.destroy();
      const next = nextTick(read(expression), now) ?? 0;
      expect(task.match(new Date(next))).toBe(true);
      expect(lastTick(read(expression), 0, next)).toBe(next);
      expect(lastTick(read(expression), 0, next - 1) ?? 0).toBeLessThanOrEqual(now);
      const until = Math.min(next - 1_000, now + 20_000);
      for (let at = Math.floor(now / 1_000) * 1_000 + 1_000; at <= until; at += 1_000) expect(task.match(new Date(at))).toBe(false);
    }),
    { numRuns: runs(300) },
  );
});

it('an expression that would take all memory is not shown to node-cron', () => {
  for (const text of ['0 0-4000000000 * * *', '0 0 1 1-decdecdecdec *', 'x', '']) expect(() => readCron(text, cron)).toThrow();
});
