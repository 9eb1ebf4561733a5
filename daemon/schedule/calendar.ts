import type { createTask, parse } from 'node-cron';
import { isHarmlessCron } from '../shared/cron.js';
import type { Ms } from '../shared/span.js';

/** What is used of node-cron: the meaning of an expression. Its own timers know no tick that was missed. */
export interface Cron {
  readonly parse: typeof parse;
  readonly createTask: typeof createTask;
}

/** The ticks of a cron expression: times of the day on certain days, local time. */
export interface Times {
  /** Ascending, as are the others. */
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** `noon` of the day: no time zone changes its clocks then. */
  isDay(noon: Date): boolean;
}

/** Expressions that come once within this time, or never: 29 February on one day of the week comes every 28 years, 40 at a century's end. */
const MOST_DAYS = 366 * 41;

/** M H * * *: needs no node-cron, which takes 15 ms to load. */
export function everyDay(expression: string): Times | null {
  const [, minute, hour] = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(expression) ?? [];
  if (minute === undefined || Number(minute) > 59 || Number(hour) > 23) return null;
  return { hours: [Number(hour)], minutes: [Number(minute)], seconds: [0], isDay: () => true };
}

/** Throws where node-cron does not take the expression, and where it would take all memory (shared/cron). */
export function readCron(expression: string, { parse, createTask }: Cron): Times {
  if (!isHarmlessCron(expression)) throw new Error('not a cron expression');
  const { hour, minute, second, dayOfMonth, month, dayOfWeek } = parse(expression);
  const months = new Set(month);
  const isDay = dayTest(dayOfMonth, dayOfWeek, createTask);
  return {
    hours: ascending(hour),
    minutes: ascending(minute),
    seconds: ascending(second),
    isDay: noon => months.has(noon.getMonth() + 1) && isDay(noon),
  };
}

type Days = ReturnType<typeof parse>['dayOfMonth'];

/** Both must fit, as node-cron has it. It is asked only where words are in it (L, 15W, 5#2): then it loads 5 MB of time zone data. */
function dayTest(ofMonth: Days, ofWeek: Days, create: typeof createTask): Times['isDay'] {
  if ([...ofMonth, ...ofWeek].every(day => typeof day === 'number')) {
    const [dates, weekdays] = [new Set(ofMonth), new Set(ofWeek)];
    return noon => dates.has(noon.getDate()) && weekdays.has(noon.getDay());
  }
  const task = create(`0 0 12 ${ofMonth} * ${ofWeek}`, () => undefined);
  void task.destroy(); // It is only asked, and is not to stay in node-cron's list.
  return noon => task.match(noon);
}

/**
 * The first tick after a moment. A local time that the clocks skip (DST) is as much later as they are put on; one that comes twice
 * is a tick the first time only.
 */
export function nextTick(times: Times, after: Ms): Ms | null {
  for (let day = 0; day < MOST_DAYS; day++) {
    const noon = noonOf(after, day);
    if (!times.isDay(noon)) continue;
    const found = firstAfter(times, noon, after);
    if (found !== null) return found;
  }
  return null;
}

/** The last tick that is not after `until`, and after `after`. */
export function lastTick(times: Times, after: Ms, until: Ms): Ms | null {
  for (let day = 0; day > -MOST_DAYS; day--) {
    const noon = noonOf(until, day);
    if (endOf(noon) < after) return null;
    const found = times.isDay(noon) ? lastUntil(times, noon, until) : null;
    if (found !== null) return found > after ? found : null;
  }
  return null;
}

function firstAfter({ hours, minutes, seconds }: Times, day: Date, after: Ms): Ms | null {
  for (const hour of hours) {
    if (at(day, hour, 59, 59) <= after) continue;
    for (const minute of minutes) {
      if (at(day, hour, minute, 59) <= after) continue;
      const second = seconds.find(each => at(day, hour, minute, each) > after);
      if (second !== undefined) return at(day, hour, minute, second);
    }
  }
  return null;
}

function lastUntil({ hours, minutes, seconds }: Times, day: Date, until: Ms): Ms | null {
  for (const hour of hours.toReversed()) {
    if (at(day, hour, 0, 0) > until) continue;
    for (const minute of minutes.toReversed()) {
      if (at(day, hour, minute, 0) > until) continue;
      const second = seconds.findLast(each => at(day, hour, minute, each) <= until);
      if (second !== undefined) return at(day, hour, minute, second);
    }
  }
  return null;
}

function noonOf(moment: Ms, daysLater: number): Date {
  const date = new Date(moment);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + daysLater, 12);
}

function endOf(noon: Date): Ms {
  return at(noon, 24, 0, 0);
}

function at(day: Date, hour: number, minute: number, second: number): Ms {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute, second).getTime();
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
