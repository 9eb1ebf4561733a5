import { readKept } from '../files/read-kept.js';
import { type Calls, sweep, writeWhole } from '../files/write-whole.js';
import { HISTORY_LIMITS } from './day-files.js';
import { lineOf, parsePoint } from './read-points.js';

/**
 * The roll-up of a day that is over: what was appended in the course of it, without what is no point (a line that a kill has cut short), in the
 * order of time. Written whole, on the disk, and renamed over the old one: at any moment there is the one or the other, after a power
 * cut too. Takes some 10 ms for a day of 8 services, 70 for the largest; nothing is written where it is whole already. Throws when it cannot
 * be written: the old one stays.
 */
export function seal(folder: string, file: string, calls?: Calls): void {
  sweep(folder);
  const text = readKept(file, 2 * HISTORY_LIMITS.size)?.toString('utf8') ?? '';
  const points = text.split('\n').flatMap(line => parsePoint(line) ?? []);
  const whole = points
    .sort((a, b) => a.at - b.at)
    .map(lineOf)
    .join('');
  if (whole !== text) writeWhole(file, whole, { whose: 'ours' }, calls);
}
