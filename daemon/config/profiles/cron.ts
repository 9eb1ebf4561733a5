import { validateDetailed } from 'node-cron';
import { z } from 'zod';
import { isHarmlessField, LONGEST_CRON } from '../../shared/cron.js';

/** By node-cron's names, in the order in which they stand: what each may be; ranges, lists and steps of it too. */
const FIELDS: readonly (readonly [name: string, range: string])[] = [
  ['second', 'second 0 to 59'],
  ['minute', 'minute 0 to 59'],
  ['hour', 'hour 0 to 23'],
  ['dayOfMonth', 'day of the month 1 to 31'],
  ['month', 'month 1 to 12 or jan to dec'],
  ['dayOfWeek', 'day of the week 0 to 7 or sun to sat'],
];
const NEVER = 'never';
const cronError = 'a cron expression such as 0 9 * * 1-5, or never';
const countError = 'five fields (minute, hour, day of the month, month, day of the week), or six with the second in front';

/**
 * A cron expression as node-cron takes it, which is what runs it: an error says which field is wrong. `never` gives null. To
 * load node-cron takes 4 ms beside zod's 38.
 */
export const cron = z
  .string({ error: cronError })
  .superRefine((text, context) => {
    for (const message of faultsOf(text.trim())) context.addIssue({ code: 'custom', message });
  })
  .transform(text => (text.trim() === NEVER ? null : text.trim()));

function faultsOf(text: string): string[] {
  if (text === NEVER) return [];
  if (text.length > LONGEST_CRON) return [cronError];
  if (/^\S*$/.test(text)) return /^@[a-z]+$/i.test(text) && validateDetailed(text).valid ? [] : [cronError];
  const fields = text.split(/ +/);
  if (fields.length !== 5 && fields.length !== 6) return [`${countError}; not ${fields.length}`];
  const shown = fields.map(field => (isHarmlessField(field) ? field : '*'));
  const { errors } = validateDetailed(shown.join(' '));
  return fields.flatMap((field, index) => {
    const [name, range] = FIELDS[index + 6 - fields.length] ?? ['', ''];
    const error = errors.find(each => each.field === name);
    if (error?.message.includes('impossible')) return ['a day that the month has'];
    return error === undefined && field === shown[index] ? [] : [`${range}, not ${field}`];
  });
}
