import fc from 'fast-check';
import * as cron from 'node-cron';
import { describe, expect, it } from 'vitest';
import { lastTick, nextTick, readCron, type Times } from '../../daemon/schedule/calendar.js';
import { rounds } from '../support/deep.js';
import { Machine } from './machine.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const OFFICE = { shop: { up: '0 9 * * 1-5', down: '0 18 * * *' } };
/** Friday. */
const friday = (time: string) => new Date(`2026-11-20T${time}`).getTime();

async function office(time: string): Promise<Machine> {
  const machine = new Machine(friday(time));
  await machine.start(OFFICE);
  return machine;
}

describe('running hours', () => {
  it('tick at their times, on their days', async () => {
    const machine = await office('08:00');
    machine.pass(4 * DAY);
    expect(machine.reported()).toEqual([
      'shop up 20 09:00',
      'shop down 20 18:00',
      'shop down 21 18:00',
      'shop down 22 18:00',
      'shop up 23 09:00',
      'shop down 23 18:00',
    ]);
  });

  it('tell what comes next', async () => {
    const machine = await office('18:30');
    expect(machine.daemon.next('shop')).toEqual({ what: 'down', at: friday('18:00') + DAY });
    expect(machine.daemon.next('shop', 'up')).toEqual({ what: 'up', at: friday('09:00') + 3 * DAY });
    expect(machine.daemon.next('other')).toBeNull();
  });

  it('begin with the next tick: what was before they were known is not made up', async () => {
    const machine = await office('20:00');
    expect(machine.reported()).toEqual([]);
    await machine.set({ shop: { up: null, down: '0 19 * * *' } });
    machine.pass(DAY);
    expect(machine.reported()).toEqual(['shop down 21 19:00']);
    await machine.set({});
    machine.pass(DAY);
    expect([machine.reported(), machine.sleep]).toEqual([[], null]);
    await machine.set({ shop: { up: null, down: '0 19 * * *' } });
    expect(machine.reported()).toEqual([]);
  });

  it('go on for the others when one has an expression that nobody understands', async () => {
    const machine = new Machine(friday('08:00'));
    await machine.start({ ...OFFICE, odd: { up: '0 0-4000000000 * * *', down: 'x' } });
    machine.pass(2 * HOUR);
    expect(machine.reported()).toEqual(['shop up 20 09:00']);
  });
});

describe('a machine that was suspended (fault 14)', () => {
  it('does what is due when it wakes: at most a minute later, at once with the first event', async () => {
    const machine = await office('17:00');
    machine.jump(2 * HOUR);
    machine.pass(MINUTE);
    expect(machine.reported()).toEqual(['shop down 20 19:01']);
    machine.jump(3 * DAY);
    machine.daemon.look();
    expect(machine.reported()).toEqual(['shop down 23 19:01']);
  });

  it('makes up the last missed tick only, and once', async () => {
    const machine = await office('17:00');
    machine.jump(2 * DAY + 17 * HOUR); // Monday, 10:00
    machine.pass(3 * HOUR);
    expect(machine.reported()).toEqual(['shop up 23 10:01']);
  });

  it('is not late for a tick after it has woken', async () => {
    const machine = await office('18:30');
    machine.jump(2 * DAY + 14 * HOUR); // Monday, 08:30
    machine.pass(HOUR);
    expect(machine.reported()).toEqual(['shop down 23 08:31', 'shop up 23 09:00']);
  });
});

describe('a clock that jumps (fault 15)', () => {
  it('three days ahead: the last tick on the way, once', async () => {
    const machine = await office('10:00');
    machine.jump(3 * DAY);
    machine.pass(HOUR);
    expect(machine.reported()).toEqual(['shop up 23 10:01']);
  });

  it('two hours back: no tick comes again', async () => {
    const machine = await office('17:30');
    machine.pass(HOUR);
    expect(machine.reported()).toEqual(['shop down 20 18:00']);
    machine.jump(-2 * HOUR);
    machine.pass(2 * HOUR);
    expect(machine.reported()).toEqual([]);
    machine.pass(DAY);
    expect(machine.reported()).toEqual(['shop down 21 18:00']);
  });

  it('three days ahead and back again: the truth is believed, no tick of before comes again', async () => {
    const machine = await office('10:00');
    machine.jump(3 * DAY);
    machine.pass(MINUTE);
    machine.jump(-3 * DAY);
    machine.pass(MINUTE);
    expect(machine.reported()).toEqual(['shop up 23 10:01']);
    machine.pass(DAY);
    expect(machine.reported()).toEqual(['shop down 20 18:00']);
  });
});

describe('a daemon that was off', () => {
  it.each([
    ['over nothing', '10:00', 2 * HOUR, []],
    ['over a down', '17:00', 2 * HOUR, ['shop down 20 19:00']],
    ['over a down and an up', '17:00', 2 * DAY + 17 * HOUR, ['shop up 23 10:00']],
    ['while the clock was put back', '18:30', -HOUR, []],
  ])('%s', async (_what, time, off, expected) => {
    const machine = await office(time);
    machine.pass(1);
    machine.stop();
    machine.jump(off);
    await machine.start(OFFICE);
    expect(machine.reported()).toEqual(expected);
    await machine.start(OFFICE);
    expect(machine.reported()).toEqual([]);
  });

  it('over a tick that it had done just before it ended', async () => {
    const machine = await office('17:59');
    machine.pass(MINUTE);
    expect(machine.reported()).toEqual(['shop down 20 18:00']);
    await machine.start(OFFICE);
    expect(machine.reported()).toEqual([]);
  });

  it('and could not write: it goes on', async () => {
    const machine = new Machine(friday('17:00'));
    machine.isFull = true;
    await machine.start(OFFICE);
    machine.pass(2 * HOUR);
    expect(machine.reported()).toEqual(['shop down 20 18:00']);
  });
});

describe('jobs', () => {
  const prune = (runs: string[]) => ({ name: 'prune', expression: '0 4 * * *', run: () => void runs.push('prune') });

  it('run at their times, are made up as well, and need neither node-cron nor more than one timer an hour', async () => {
    const runs: string[] = [];
    const machine = new Machine(friday('03:30'));
    machine.jobs.push(prune(runs));
    await machine.start();
    machine.pass(DAY);
    expect([runs, machine.loads]).toEqual([['prune'], 0]);
    expect(machine.timersFired).toBeLessThanOrEqual(26);
    machine.stop();
    machine.jump(3 * DAY);
    await machine.start();
    expect(runs).toEqual(['prune', 'prune']);
  });

  it('that fail do not end the others', async () => {
    const runs: string[] = [];
    const machine = new Machine(friday('03:30'));
    const broken = { name: 'broken', expression: '0 4 * * *' };
    machine.jobs.push(
      { ...broken, run: () => Promise.reject(new Error('lost')) },
      {
        ...broken,
        run: () => {
          throw new Error('bug');
        },
      },
      prune(runs),
    );
    await machine.start(OFFICE);
    machine.pass(HOUR);
    expect(runs).toEqual(['prune']);
  });
});

it('at rest: without hours and jobs there is no timer, and node-cron is loaded once, when hours need it', async () => {
  const machine = new Machine(friday('08:00'));
  await machine.start({ plain: { up: '0 9 * * *', down: '30 18 * * *' } });
  expect(machine.loads).toBe(0);
  await machine.set(OFFICE);
  await machine.set({ ...OFFICE, more: { up: '*/5 * * * *', down: null } });
  expect(machine.loads).toBe(1);
  await machine.set({});
  expect(machine.sleep).toBeNull();
  machine.stop();
});

it('whatever the clock does, put back by less than a day: no tick comes twice, and the present is right: 1,000 traces', async () => {
  const hours = [readCron(OFFICE.shop.up, cron), readCron(OFFICE.shop.down, cron)];
  const move = fc.record({ kind: fc.constantFrom('pass', 'jump', 'restart'), ms: fc.integer({ min: -2 * HOUR, max: 3 * DAY }) });
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 12 }), async moves => {
      const machine = await office('12:00');
      const begun = machine.wall;
      let latest = begun;
      const reported: string[] = [];
      for (const { kind, ms } of moves) {
        if (kind === 'pass') machine.pass(Math.abs(ms));
        else machine.jump(ms);
        if (kind === 'restart') await machine.start(OFFICE);
        machine.daemon.look();
        reported.push(...machine.reported());
        latest = Math.max(latest, machine.wall);
        const [up = 0, down = 0] = hours.map(times => lastTick(times, begun, latest) ?? 0);
        if (latest === machine.wall && Math.max(up, down) > begun) expect(reported.at(-1)).toMatch(up > down ? /up/ : /down/);
        machine.daemon.look();
        expect(machine.reported()).toEqual([]);
      }
      expect(reported.length).toBeLessThanOrEqual(hours.reduce((sum, times) => sum + ticksIn(times, begun, latest), 0));
      machine.stop();
    }),
    { numRuns: rounds(1_000) },
  );
});

function ticksIn(times: Times, after: number, until: number): number {
  let count = 0;
  for (let at = nextTick(times, after); at !== null && at <= until; at = nextTick(times, at)) count++;
  return count;
}
