import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { mayKeep } from '../files/read-kept.js';
import type { ServiceId } from '../model/spec.js';
import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import { MINUTE, type MinutePoint } from './minutes.js';

/** What is read at a time. A line has some 90 bytes; one that is longer than this is none of ours. */
const CHUNK: Bytes = 64 * 1024;
const NEWLINE = 10;
/** Twice what all days together may have (LIMITS). */
const LARGEST: Bytes = 64 * 1024 * 1024;

/**
 * The points of one service since a time, from files in the order given, those of one slot joined. They are read in pieces and only
 * lines that name the service become objects, so that 14 days need no more memory than the points returned. What is no point (a torn
 * line) is passed over.
 */
export async function readPoints(files: readonly string[], id: ServiceId, since: Ms, slot: Ms): Promise<MinutePoint[]> {
  const found: MinutePoint[] = [];
  const buffer = Buffer.alloc(CHUNK);
  const needle = Buffer.from(`"id":${JSON.stringify(id)}`);
  for (const file of files) {
    for await (const lines of wholeLines(file, buffer)) {
      for (const text of linesWith(needle, lines)) {
        const point = parsePoint(text);
        if (point !== null && point.id === id && point.at >= since) take(found, point, slot);
      }
    }
  }
  return found;
}

/** Adds a point; into the last one when both are of one slot. */
export function take(found: MinutePoint[], point: MinutePoint, slot: Ms): void {
  const last = found.at(-1);
  const isJoined = last !== undefined && slot > MINUTE && Math.floor(last.at / slot) === Math.floor(point.at / slot);
  if (isJoined) found[found.length - 1] = joined(last, point);
  else found.push(point);
}

function joined(a: MinutePoint, b: MinutePoint): MinutePoint {
  const [of, more] = [a.weight ?? 1, b.weight ?? 1];
  const mean = (x: number, y: number) => (x * of + y * more) / (of + more);
  const cpu = a.cpu === null || b.cpu === null ? (a.cpu ?? b.cpu) : mean(a.cpu, b.cpu);
  return { at: Math.min(a.at, b.at), id: a.id, p: Math.round(mean(a.p, b.p)), peak: Math.max(a.peak, b.peak), cpu, weight: of + more };
}

/** One line of a file. */
export function lineOf({ at, id, p, peak, cpu }: MinutePoint): string {
  return `${JSON.stringify({ at, id, p, peak, cpu })}\n`;
}

/** The file in pieces that end with a line. What follows its last newline is left out: a write that was cut short. */
async function* wholeLines(file: string, buffer: Buffer): AsyncGenerator<Buffer> {
  if (!isBelieved(file)) return;
  // Gone: it was dropped for its age in the meantime.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(error =>
    error.code === 'ENOENT' ? null : Promise.reject(error),
  );
  if (handle === null) return;
  try {
    let kept = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, kept, buffer.length - kept);
      if (bytesRead === 0) return;
      const length = kept + bytesRead;
      const end = buffer.lastIndexOf(NEWLINE, length - 1) + 1;
      if (end > 0) yield buffer.subarray(0, end);
      buffer.copyWithin(0, end, length);
      kept = length - end === buffer.length ? 0 : length - end;
    }
  } finally {
    await handle.close();
  }
}

/** A day that another user could have written says nothing; nor is a pipe waited for. */
function isBelieved(file: string): boolean {
  try {
    return mayKeep(file, LARGEST);
  } catch {
    return false;
  }
}

function* linesWith(needle: Buffer, lines: Buffer): Generator<string> {
  for (let hit = lines.indexOf(needle); hit >= 0; ) {
    const end = lines.indexOf(NEWLINE, hit);
    yield lines.toString('utf8', lines.lastIndexOf(NEWLINE, hit) + 1, end);
    hit = lines.indexOf(needle, end);
  }
}

/** Null: the text is no point. */
export function parsePoint(text: string): MinutePoint | null {
  try {
    const { at, id, p, peak, cpu } = JSON.parse(text);
    const isWhole = [at, p, peak].every(figure => Number.isFinite(figure) && figure >= 0) && (cpu === null || Number.isFinite(cpu));
    return isWhole && typeof id === 'string' ? { at, id: id as ServiceId, p, peak, cpu } : null;
  } catch {
    return null;
  }
}
