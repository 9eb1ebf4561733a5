import * as node from 'node:fs';
import { join } from 'node:path';
import { mayKeep, readKept } from '../files/read-kept.js';
import { type Calls, sweep, writeWhole } from '../files/write-whole.js';
import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import { lineOf, parsePoint } from './read-points.js';

/** How much of the past is kept on disk. */
export interface HistoryLimits {
  /** Days, today included. */
  readonly days: number;
  /** All files together. */
  readonly size: Bytes;
}

/** 8 services for 10 hours a day make some 6 MB in 14 days; 20 around the clock reach the cap after 12. */
export const HISTORY_LIMITS: HistoryLimits = { days: 14, size: 32 * 1024 * 1024 };

const DAY: Ms = 86_400_000;
const NEWLINE = 10;
/** Never through a link, and a pipe is not waited for. */
const APPEND = ['O_RDWR', 'O_APPEND', 'O_CREAT', 'O_NOFOLLOW', 'O_NONBLOCK'] as const;

/** The calls that appending is made of; tests put faults between. */
export type AppendCalls = Pick<typeof node, 'openSync' | 'writeSync' | 'ftruncateSync' | 'closeSync'>;
const NAME = /^\d{4}-\d\d-\d\d\.jsonl$/;

/**
 * The file of the day in which `at` lies. Days are UTC's: they all have 24 hours, the name follows from the time alone, and names
 * sort as times do on a machine that travels or whose zone changes.
 */
export function fileOf(folder: string, at: Ms): string {
  return join(folder, `${new Date(at).toISOString().slice(0, 10)}.jsonl`);
}

/** Files with days from `since` to `until`, ms since the epoch; oldest first. */
export function filesBetween(folder: string, since: Ms, until: Ms): string[] {
  return dayFiles(folder)
    .filter(({ day }) => day + DAY > since && day <= until)
    .map(({ file }) => file);
}

/** The file of the last day before that of `at`; null: there is none. */
export function fileBefore(folder: string, at: Ms): string | null {
  const today = Math.floor(at / DAY) * DAY;
  return dayFiles(folder).findLast(({ day }) => day < today)?.file ?? null;
}

/**
 * Appends whole lines to the file of `at` with one write: 15 µs for 20 services, whatever the file has grown to; written anew and renamed each minute,
 * a day's file of 2.4 MB takes 2 ms and writes 1.7 GB a day. A kill leaves the lines, none of them, or a torn last one: the next append
 * begins on a line of its own, and readers pass over what is no point. A disk that fills up in the middle: the file is as before, and
 * the error is thrown. Not synced: a power cut takes what the kernel has not written yet, some 30 s.
 */
export function append(folder: string, at: Ms, lines: string, calls: AppendCalls = node): void {
  node.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = fileOf(folder, at);
  mayKeep(file);
  const flags = APPEND.reduce((all, name) => all | node.constants[name], 0);
  const fd = calls.openSync(file, flags, 0o600);
  try {
    const { size } = node.fstatSync(fd);
    const bytes = Buffer.from(endsTorn(fd, size) ? `\n${lines}` : lines);
    writeOrUndo(fd, bytes, size, calls);
  } finally {
    calls.closeSync(fd);
  }
}

function endsTorn(fd: number, size: Bytes): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && node.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
}

function writeOrUndo(fd: number, bytes: Buffer, size: Bytes, calls: AppendCalls): void {
  let written = 0;
  try {
    written = calls.writeSync(fd, bytes);
  } finally {
    if (written < bytes.length) calls.ftruncateSync(fd, size);
  }
  if (written < bytes.length) throw new Error(`no space: ${written} of ${bytes.length} bytes could be written`);
}

/**
 * Makes room for `more` bytes: drops what is older than `days`, then, while all together is over the cap, the day farthest from today:
 * the oldest, or one that a wrong clock has written into the future. False: today alone is over it.
 */
export function dropOldDays(folder: string, today: Ms, more: Bytes, { days, size }: HistoryLimits): boolean {
  const first = Math.floor(today / DAY) * DAY - (days - 1) * DAY;
  const distance = ({ day }: DayFile) => Math.abs(day + DAY / 2 - today);
  const files = dayFiles(folder).sort((a, b) => distance(b) - distance(a));
  let sum = more + files.reduce((total, { file }) => total + sizeOf(file), 0);
  for (const each of files) {
    const isToday = fileOf(folder, today) === each.file;
    if (isToday || (each.day >= first && sum <= size)) continue;
    sum -= sizeOf(each.file);
    node.rmSync(each.file, { force: true });
  }
  return sum <= size;
}

interface DayFile {
  readonly file: string;
  /** Its beginning, ms since the epoch. */
  readonly day: Ms;
}

function dayFiles(folder: string): DayFile[] {
  return namesIn(folder)
    .filter(name => NAME.test(name))
    .sort()
    .map(name => ({ file: join(folder, name), day: Date.parse(name.slice(0, 10)) }));
}

function namesIn(folder: string): string[] {
  try {
    return node.readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sizeOf(file: string): Bytes {
  return node.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

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
