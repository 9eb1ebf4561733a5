import fc from 'fast-check';
import { validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { cron } from '../../../daemon/config/profiles/cron.js';
import { cpuOf } from '../../support/cpu.js';
import { rounds } from '../../support/deep.js';

const faults = (text: string) => cron.safeParse(text).error?.issues.map(issue => issue.message) ?? [];

describe('a cron expression', () => {
  it.each([
    ['0 9 * * 1-5', '0 9 * * 1-5'],
    ['  30 0 9  * * mon-Friday ', '30 0 9  * * mon-Friday'],
    ['*/15 8-18/2 1,15 jan,July ?', '*/15 8-18/2 1,15 jan,July ?'],
    ['0 18 L * *', '0 18 L * *'],
    ['0 18 15W * 5#2', '0 18 15W * 5#2'],
    ['@daily', '@daily'],
    ['never', null],
  ])('%j is read as %j', (text, expected) => expect(cron.parse(text)).toBe(expected));

  it.each([
    ['60 9 * * *', ['minute 0 to 59, not 60']],
    ['0 24 * * *', ['hour 0 to 23, not 24']],
    ['0 9 0 * *', ['day of the month 1 to 31, not 0']],
    ['0 9 * 13 *', ['month 1 to 12 or jan to dec, not 13']],
    ['0 9 * * 8', ['day of the week 0 to 7 or sun to sat, not 8']],
    ['60 0 9 * * *', ['second 0 to 59, not 60']],
    ['0 9am * * weekdays', ['hour 0 to 23, not 9am', 'day of the week 0 to 7 or sun to sat, not weekdays']],
    ['0 9 * * 1-', ['day of the week 0 to 7 or sun to sat, not 1-']],
    ['*/0 9 * * *', ['minute 0 to 59, not */0']],
    ['0 9 30 2 *', ['a day that the month has']],
    ['0 9 *', [expect.stringMatching(/^five fields .*; not 3$/)]],
    ['0 0 9 * * * 2027', [expect.stringMatching(/^five fields .*; not 7$/)]],
    ['@sometimes', ['a cron expression such as 0 9 * * 1-5, or never']],
    ['9:00', ['a cron expression such as 0 9 * * 1-5, or never']],
    ['', ['a cron expression such as 0 9 * * 1-5, or never']],
  ])('%j is refused: %j', (text, messages) => expect(faults(text)).toEqual(messages));

  it.each([
    '0-4000000000 * * * *',
    '0 0 1 1-decdecdecdecdec *',
    '0 0 1 1-dec99dec99dec99 *',
    `${'0-59,'.repeat(1000)}1 * * * *`,
    `0 0 ${'*'.repeat(100_000)} * *`,
  ])('that would take all memory is refused at once: %.40s', text => {
    expect(cpuOf(() => expect(faults(text).length).toBeGreaterThan(0))).toBeLessThan(500);
  });

  it('is never one that node-cron refuses, and an ordinary one that node-cron takes is never refused', () => {
    const figure = fc.integer({ min: 0, max: 70 }).map(String);
    const item = fc.oneof(
      figure,
      fc.tuple(figure, figure).map(pair => pair.join('-')),
      fc.constantFrom('*', '*/5', '*/0', '1-5/2', '?', 'L', '15W', 'mon', 'jan-mar', '5#2', '-', '', 'x', '7L', '1/2', 'mon5'),
    );
    const field = fc.array(item, { minLength: 1, maxLength: 3 }).map(items => items.join(','));
    const expression = fc.array(field, { minLength: 4, maxLength: 7 }).map(fields => fields.join(' ').trim());
    const odd = new Set<string>();
    fc.assert(
      fc.property(expression, text => {
        const isTaken = validate(text);
        if (faults(text).length === 0) expect(isTaken).toBe(true);
        else if (isTaken) odd.add(text);
      }),
      { numRuns: rounds(3000) },
    );
    for (const text of odd) expect(text).toMatch(/mon5/);
  });
});
