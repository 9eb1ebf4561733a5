import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBetween } from '../../daemon/history/day-files.js';
import { parsePoint, readPoints } from '../../daemon/history/read-points.js';
import { byGear } from '../support/deep.js';
import { HOUR, historyIn, MINUTE, NOON, sample, tempFolder } from './support/history.js';
import { SERVICES, writerProgram } from './support/writer.js';

let program: Awaited<ReturnType<typeof writerProgram>>;
beforeAll(async () => {
  program = await writerProgram();
});
afterAll(() => program.remove());

const FIRST = NOON / MINUTE;
const ROUNDS = byGear({ deep: 50, usual: 8, fast: 2 });

/** What is there of a service from minute `from` on; a point that is not what was written fails. */
async function minutesOf(folder: string, id: (typeof SERVICES)[number]): Promise<number[]> {
  const points = await readPoints([join(folder, '2026-03-10.jsonl'), join(folder, '2026-03-11.jsonl')], id, NOON - HOUR, MINUTE);
  expect(points.filter(({ at, p, peak }) => p !== at / MINUTE || peak !== p)).toEqual([]);
  return points.map(({ at }) => at / MINUTE);
}

test(`kill -9 of the writer, ${ROUNDS} times: all that was kept is there, once, and nothing else`, { timeout: 120_000 }, async () => {
  const folder = tempFolder();
  const kept: number[] = [];
  /** Minutes of which a kill may have left all, some or nothing: written, or half written, and not said. */
  const open = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const from = (kept.at(-1) ?? FIRST - 2) + 2;
    const { child, lines, exited } = program.start({ folder, from, minutes: 1_000_000 });
    const until = from + 1 + ((round * 7) % 13);
    for await (const line of lines) {
      kept.push(Number(line.slice('kept '.length)));
      if ((kept.at(-1) ?? 0) >= until && child.exitCode === null && !child.killed) child.kill('SIGKILL');
    }
    await exited;
    expect(child.signalCode).toBe('SIGKILL');
    open.add((kept.at(-1) ?? 0) + 1);
    for (const id of SERVICES) {
      const found = await minutesOf(folder, id);
      expect(found.filter(minute => !open.has(minute))).toEqual(kept);
      expect(new Set(found).size).toBe(found.length);
    }
  }
  expect(kept.length).toBeGreaterThan(ROUNDS);
});

test(`kill -9 while days are rolled up, ${ROUNDS} times: all that was kept is there, and days that are over are whole`, {
  timeout: 120_000,
}, async () => {
  const folder = tempFolder();
  const STEP = 240;
  const kept: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = (kept.at(-1) ?? FIRST - 2 * STEP) + 2 * STEP;
    const { child, lines, exited } = program.start({ folder, from, minutes: 1_000_000_000, step: STEP });
    const until = from + STEP * (1 + ((round * 7) % 13));
    for await (const line of lines) {
      kept.push(Number(line.slice('kept '.length)));
      if ((kept.at(-1) ?? 0) >= until && child.exitCode === null && !child.killed) child.kill('SIGKILL');
    }
    await exited;
  }
  const last = (kept.at(-1) ?? 0) * MINUTE;
  const recent = kept.filter(minute => minute * MINUTE >= last - 12 * 24 * HOUR);
  const files = filesBetween(folder, last - 12 * 24 * HOUR, last + HOUR);
  for (const id of SERVICES) {
    const found = new Set((await readPoints(files, id, 0, MINUTE)).map(({ at }) => at / MINUTE));
    expect(recent.filter(minute => !found.has(minute))).toEqual([]);
  }
  const next = historyIn(folder);
  next.time.wall = last + 24 * HOUR;
  next.minute(sample('shop/api', 1));
  next.minute(sample('shop/api', 1));
  const names = readdirSync(folder);
  expect(names.filter(name => !name.endsWith('.jsonl'))).toEqual([]);
  const yesterday = readFileSync(join(folder, names.at(-2) ?? ''), 'utf8');
  expect(
    yesterday
      .split('\n')
      .slice(0, -1)
      .filter(line => parsePoint(line) === null),
  ).toEqual([]);
  expect(yesterday.endsWith('}\n')).toBe(true);
});

test('a disk that is full: the file ends with a whole line, nothing before is lost, and one complaint is logged', async () => {
  const folder = tempFolder();
  const { lines, exited } = program.start({ folder, from: FIRST, minutes: 200 }, 16);
  const said: string[] = [];
  for await (const line of lines) if (line.startsWith('said')) said.push(line);
  expect(await exited).toEqual([0, null]);
  expect(said).toEqual(['said the usage history could not be written; the last hour stays in memory']);
  const text = readFileSync(join(folder, '2026-03-10.jsonl'), 'utf8');
  expect(text.length).toBeLessThanOrEqual(16 * 512);
  expect(text.endsWith('}\n')).toBe(true);
  const found = await minutesOf(folder, 'shop/cache');
  expect(found).toEqual(found.map((_, i) => FIRST + i));
  expect(found.length).toBeGreaterThan(30);
});
