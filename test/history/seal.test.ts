import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seal } from '../../daemon/history/day-files.js';
import { DAY, historyIn, MINUTE, NOON, sample, tempFolder } from './support/history.js';

const line = (at: number, id = 'shop/api') => `{"at":${at},"id":"${id}","p":1,"peak":2,"cpu":null}\n`;

/** All that stat(2) tells but when it was read; dates are numbers here: as objects they are not fields in every version of Node. */
function factsOf(file: string) {
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, mtimeMs, ctimeMs, birthtimeMs } = statSync(file);
  return { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, mtimeMs, ctimeMs, birthtimeMs };
}

test('a day that is over has whole lines in the order of time, and takes the place of what was appended', () => {
  const folder = tempFolder();
  const file = join(folder, '2026-03-10.jsonl');
  writeFileSync(file, `${line(NOON + MINUTE)}{"at":17\n${line(NOON)}${line(NOON, 'shop/db')}{"at":1,"id":5}\n\nnothing`);
  writeFileSync(join(folder, '2026-03-09.jsonl.tmp'), 'left by a kill');
  const { ino } = statSync(file);
  seal(folder, file);
  expect(readFileSync(file, 'utf8')).toBe(line(NOON) + line(NOON, 'shop/db') + line(NOON + MINUTE));
  expect(readdirSync(folder)).toEqual(['2026-03-10.jsonl']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).ino).not.toBe(ino);
  const sealed = factsOf(file);
  seal(folder, file);
  expect(factsOf(file)).toEqual(sealed);
});

test('what cannot be written leaves the day as it was', () => {
  const folder = tempFolder();
  const file = join(folder, '2026-03-10.jsonl');
  const text = `${line(NOON)}torn`;
  writeFileSync(file, text);
  mkdirSync(join(folder, '2026-03-10.tmp'));
  // A folder in the place of the file: it cannot be renamed over.
  const other = join(folder, '2026-03-11.jsonl');
  mkdirSync(other);
  expect(() => seal(folder, other)).toThrow();
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('is done with the first minute of the next day, and with the first of a daemon that was away at midnight', async () => {
  const folder = tempFolder();
  const file = join(folder, '2026-03-10.jsonl');
  const first = historyIn(folder);
  first.minute(sample('shop/api', 1));
  first.minute(sample('shop/api', 2));
  writeFileSync(file, `${readFileSync(file, 'utf8')}torn`);
  first.pass(DAY);
  first.minute(sample('shop/api', 3));
  first.minute(sample('shop/api', 4));
  expect(readFileSync(file, 'utf8')).toMatch(/^(\{.*\}\n){2}$/);
  writeFileSync(file, `${readFileSync(file, 'utf8')}torn again`);
  first.history.close();
  const second = historyIn(folder);
  second.pass(DAY + 5 * MINUTE);
  second.minute(sample('shop/api', 5));
  second.history.close();
  expect(readFileSync(file, 'utf8')).toMatch(/^(\{.*\}\n){2}$/);
  expect((await second.history.points('shop/api', NOON)).map(({ p }) => p)).toEqual([1, 2, 3, 4, 5]);
  expect(second.warned).toEqual([]);
});
