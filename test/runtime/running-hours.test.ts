import { expect, test } from 'vitest';
import type { HoursTick } from '../../daemon/model/schedule.js';
import type { ScheduleHooks, Scheduler } from '../../daemon/ports/schedule.js';
import { RunningHours, timeText } from '../../daemon/runtime/running-hours.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import { viewOf } from '../../daemon/scheduler/views/view.js';
import { running, shop } from '../scheduler/support/shop.js';

const MONDAY = new Date('2026-11-23T09:00').getTime();

/** Notes what is set; ticks when told. */
class Clockwork implements Scheduler {
  readonly sets: string[][] = [];
  looks = 0;
  constructor(readonly hooks: ScheduleHooks) {}
  set(projects: Parameters<Scheduler['set']>[0]): void {
    this.sets.push(projects.map(({ name }) => name));
  }
  look(): void {
    this.looks++;
  }
  next(project: string, what?: HoursTick) {
    return project === 'shop' ? { what: what ?? 'up', at: MONDAY } : null;
  }
  ready = async () => undefined;
  close = () => undefined;
}

function made() {
  const posted: Event[] = [];
  const works: Clockwork[] = [];
  const openScheduler = (hooks: ScheduleHooks) => {
    const work = new Clockwork(hooks);
    works.push(work);
    return work;
  };
  const hours = new RunningHours({ openScheduler, jobs: [], post: event => posted.push(event), uses: () => [] });
  return { hours, posted, works };
}

test('projects with running hours are told of, not those that leave; each decision is a moment to look at the clock', () => {
  const { hours, works } = made();
  const driver = running({ ...shop, schedule: { up: '0 9 * * *', down: null } });
  hours.update(driver.world);
  driver.act({ kind: 'down', project: 'shop', volumes: false });
  hours.update(driver.world);
  hours.update(running().world);
  expect(works.map(({ sets, looks }) => [sets, looks])).toEqual([[[['shop'], [], []], 3]]);
});

test('a tick comes after what is known of the use of services', () => {
  const { posted, works } = made();
  works[0]?.hooks.onTick('shop', 'down');
  expect(posted).toEqual([
    { kind: 'used', uses: [] },
    { kind: 'scheduled', project: 'shop', what: 'down' },
  ]);
});

test('what running hours have stopped says when it comes up again', () => {
  const { hours } = made();
  const driver = running({ ...shop, schedule: { up: '0 9 * * *', down: null } });
  driver.act({ kind: 'stop', project: 'shop', services: ['api'] });
  driver.send({ kind: 'scheduled', project: 'shop', what: 'down' });
  driver.settle();
  const why = [...driver.world.services.values()].map(entry => {
    const view = viewOf(driver.world, entry, driver.now);
    return `${view.name} ${hours.withNextUp(driver.world, view, MONDAY - 1).why}`;
  });
  expect(why).toEqual(['api was stopped', 'db stopped by its running hours; up again Mon 09:00']);
});

test('a time a week away has its date', () => {
  expect(timeText(MONDAY, MONDAY - 5 * 24 * 3_600_000)).toBe('Mon 09:00');
  expect(timeText(MONDAY, MONDAY - 7 * 24 * 3_600_000)).toBe('Mon 23 Nov 09:00');
});
