import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DAY, HOUR, historyIn, MINUTE, NOON, sample, tempFolder } from './support/history.js';

const TODAY = '2026-03-10.jsonl';

afterEach(() => vi.useRealTimers());

describe('the files', () => {
  test('have one line a minute and service, for nobody but their owner, by the days of UTC', async () => {
    const folder = join(tempFolder(), 'deep/history');
    const { history, minute, pass } = bound(folder);
    minute(sample('shop/api', 1), sample('shop/db', 2));
    pass(DAY);
    minute(sample('shop/api', 3));
    history.close();
    expect(readdirSync(folder)).toEqual([TODAY, '2026-03-11.jsonl']);
    expect(readFileSync(join(folder, TODAY), 'utf8')).toBe(
      `{"at":${NOON},"id":"shop/api","p":1,"peak":1,"cpu":null}\n{"at":${NOON},"id":"shop/db","p":2,"peak":2,"cpu":null}\n`,
    );
    expect(statSync(join(folder, TODAY)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('are written when a minute is over, and at rest not at all', () => {
    vi.useFakeTimers();
    const folder = tempFolder();
    const { history, time } = bound(folder);
    time.wall += 20_000;
    history.add([]);
    expect(vi.getTimerCount()).toBe(0);
    history.add([sample('shop/api', 1)]);
    vi.advanceTimersByTime(40_000);
    time.wall += 40_050;
    expect(existsSync(join(folder, TODAY))).toBe(false);
    vi.advanceTimersByTime(50);
    expect(lines(folder)).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('wait for the minute to be over when the timer is early', () => {
    vi.useFakeTimers();
    const folder = tempFolder();
    const { history, time } = bound(folder);
    history.add([sample('shop/api', 1)]);
    vi.advanceTimersByTime(MINUTE + 50);
    expect([existsSync(join(folder, TODAY)), vi.getTimerCount()]).toEqual([false, 1]);
    time.wall += MINUTE;
    vi.advanceTimersByTime(MINUTE + 50);
    expect([lines(folder), vi.getTimerCount()]).toEqual([1, 0]);
  });

  test('are read past what is no point: a torn last line, a torn one in the middle, other text', async () => {
    const folder = tempFolder();
    const file = join(folder, TODAY);
    const first = bound(folder);
    first.minute(sample('shop/api', 1));
    first.minute(sample('shop/api', 2));
    first.history.close();
    for (let cut = 1; cut < 50; cut++) {
      const whole = readFileSync(file);
      truncateSync(file, whole.length - cut);
      const next = bound(folder);
      expect(await used(next, 'shop/api')).toEqual([1]);
      writeFileSync(file, whole);
    }
    truncateSync(file, statSync(file).size - 20);
    const next = bound(folder);
    next.pass(2 * MINUTE);
    next.minute(sample('shop/api', 3));
    next.history.close();
    appendFileSync(file, 'not JSON "id":"shop/api"\n{"at":"x","id":"shop/api"}\n{"at":1e999,"id":"shop/api","p":1,"peak":1,"cpu":1}\n');
    appendFileSync(file, `${'x'.repeat(200_000)}"id":"shop/api"${'y'.repeat(100_000)}\n`);
    appendFileSync(file, `{"at":${NOON + 9 * MINUTE},"id":"shop/api","p":9,"peak":9,"cpu":null}\n`);
    const last = bound(folder);
    last.pass(HOUR);
    expect(await used(last, 'shop/api')).toEqual([1, 3, 9]);
  });

  test('older than 14 days are dropped', () => {
    const folder = tempFolder();
    for (const day of ['2026-02-24', '2026-02-25', '2026-03-09']) writeFileSync(join(folder, `${day}.jsonl`), '');
    writeFileSync(join(folder, 'notes.txt'), 'of somebody else');
    const { history, minute } = bound(folder);
    minute(sample('shop/api', 1));
    history.close();
    expect(readdirSync(folder)).toEqual(['2026-02-25.jsonl', '2026-03-09.jsonl', TODAY, 'notes.txt']);
  });

  test('stay under the cap: the day farthest from today goes first, today never', async () => {
    const folder = tempFolder();
    const kilobyte = `${'x'.repeat(1_023)}\n`;
    for (const day of ['2026-03-07', '2026-03-08', '2026-03-09', '2031-01-01']) writeFileSync(join(folder, `${day}.jsonl`), kilobyte);
    const { history, minute, warned } = bound(folder, { days: 14, size: 2_400 });
    for (let i = 0; i < 3; i++) minute(sample('shop/api', i));
    expect(readdirSync(folder)).toEqual(['2026-03-08.jsonl', '2026-03-09.jsonl', TODAY]);
    for (let i = 3; i < 100; i++) minute(sample('shop/api', i));
    expect(readdirSync(folder)).toEqual([TODAY]);
    expect(statSync(join(folder, TODAY)).size).toBeLessThanOrEqual(2_400);
    expect(warned).toHaveLength(1);
    expect(await used({ history }, 'shop/api', NOON + 40 * MINUTE)).toEqual(Array.from({ length: 59 }, (_, i) => i + 40));
  });
});

describe('points', () => {
  test('are those of one service since a time, with what a daemon before has kept', async () => {
    const folder = tempFolder();
    const before = bound(folder);
    before.minute(sample('shop/api', 1), sample('shop/api-2', 100));
    before.history.close();
    const now = bound(folder);
    now.pass(MINUTE);
    now.minute(sample('shop/api', 2), sample('shop/api-2', 200));
    now.minute(sample('shop/api', 3));
    expect(await used(now, 'shop/api')).toEqual([1, 2]);
    expect(await used(now, 'shop/api-2')).toEqual([100, 200]);
    expect(await used(now, 'shop/api', NOON + MINUTE)).toEqual([2]);
    expect(await used(now, 'shop/none')).toEqual([]);
  });

  test('can be joined to longer ones: the mean, the highest peak, and the weight of all', async () => {
    const folder = tempFolder();
    const { history, minute } = bound(folder);
    for (const used of [1, 2, 3, 4, 10, 6, 8]) minute(sample('shop/api', used));
    history.close();
    const expected = [
      { at: NOON, id: 'shop/api', p: 4, peak: 10, cpu: 0, weight: 5 },
      { at: NOON + 5 * MINUTE, id: 'shop/api', p: 7, peak: 8, cpu: 0, weight: 2 },
    ];
    expect(await history.points('shop/api', NOON, 5 * MINUTE)).toEqual(expected);
    expect(await bound(folder).history.points('shop/api', NOON - DAY, 5 * MINUTE)).toEqual(expected);
  });

  test('of the last hour are answered without the files', async () => {
    const folder = tempFolder();
    const { history, minute } = bound(folder);
    for (let i = 0; i < 70; i++) minute(sample('shop/api', i));
    writeFileSync(join(folder, TODAY), '');
    expect(await used({ history }, 'shop/api', NOON + 60 * MINUTE)).toEqual([60, 61, 62, 63, 64, 65, 66, 67, 68]);
    expect(await used({ history }, 'shop/api', NOON)).toEqual([]);
  });

  test('survive a clock that is set back an hour, over midnight too: both hours are there, and the files stay whole', async () => {
    const folder = tempFolder();
    const clocked = bound(folder);
    const { history, minute, time } = clocked;
    time.wall = NOON + 12 * HOUR - 2 * MINUTE;
    for (let i = 0; i < 10; i++) minute(sample('shop/api', i));
    time.wall -= HOUR;
    for (let i = 10; i < 80; i++) minute(sample('shop/api', i));
    history.close();
    const points = await history.points('shop/api', NOON);
    expect(points.map(({ p }) => p).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
    expect(points.map(({ at }) => at)).toEqual(points.map(({ at }) => at).sort((a, b) => a - b));
    expect(readdirSync(folder)).toEqual([TODAY, '2026-03-11.jsonl']);
  });

  test('of a day that a wrong clock has put into the future are not believed', async () => {
    const folder = tempFolder();
    const { history, minute, time } = bound(folder);
    time.wall += 400 * DAY;
    minute(sample('shop/api', 1));
    history.close();
    const now = bound(folder);
    now.minute(sample('shop/api', 2));
    now.history.close();
    expect(await used(now, 'shop/api', NOON - HOUR)).toEqual([2]);
  });

  test('are kept in memory while they cannot be written, and written when they can', async () => {
    const place = tempFolder();
    const folder = join(place, 'history');
    writeFileSync(folder, 'a file where the folder is to be');
    const { history, minute, warned } = bound(folder);
    for (let i = 0; i < 3; i++) minute(sample('shop/api', i));
    expect(await used({ history }, 'shop/api', NOON)).toEqual([0, 1]);
    expect(warned).toHaveLength(1);
    rmSync(folder);
    minute(sample('shop/api', 3));
    history.close();
    expect(await used(bound(folder), 'shop/api')).toEqual([0, 1, 2, 3]);
  });
});

function bound(folder: string, limits?: Parameters<typeof historyIn>[1]) {
  const made = historyIn(folder, limits);
  return { ...made, minute: made.minute.bind(made), pass: made.pass.bind(made) };
}

async function used({ history }: Pick<ReturnType<typeof bound>, 'history'>, id: 'shop/api' | 'shop/api-2' | 'shop/none', since = NOON) {
  return (await history.points(id, since)).map(({ p }) => p);
}

function lines(folder: string): number {
  return readFileSync(join(folder, TODAY), 'utf8').split('\n').length - 1;
}
