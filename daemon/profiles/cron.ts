import { validateDetailed } from 'node-cron';
import { z } from 'zod';

/** What each field may be; ranges, lists and steps of it too. By node-cron's names. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['second', 'second 0 to 59'],
  ['minute', 'minute 0 to 59'],
  ['hour', 'hour 0 to 23'],
  ['dayOfMonth', 'day of the month 1 to 31'],
  ['month', 'month 1 to 12 or jan to dec'],
  ['dayOfWeek', 'day of the week 0 to 7 or sun to sat'],
]);
const NEVER = 'never';
const cronError =
  'a cron expression such as 0 9 * * 1-5 (minute, hour, day of the month, month, day of the week; six fields begin with the second), or never';

/**
 * A cron expression as node-cron takes it, which is what runs it: an error says which field is wrong. `never` gives null. To
 * load node-cron takes 4 ms beside zod's 38.
 */
export const cron = z
  .string({ error: cronError })
  .superRefine((text, context) => {
    for (const message of new Set(faultsOf(text.trim()))) context.addIssue({ code: 'custom', message });
  })
  .transform(text => (text.trim() === NEVER ? null : text.trim()));

function faultsOf(text: string): string[] {
  if (text === NEVER) return [];
  // node-cron writes ranges out before it looks at them: 0-4000000000 would take all memory.
  if (text.length > 200 || /\d{3}/.test(text)) return [cronError];
  return validateDetailed(text).errors.map(({ field, value, message }) => {
    if (message.includes('impossible')) return 'a day that the month has';
    const range = FIELDS.get(field);
    return range === undefined ? cronError : `${range}, not ${value}`;
  });
}
