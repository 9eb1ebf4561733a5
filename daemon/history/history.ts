import type { ServiceSample } from '../model/container-sample.js';
import type { ServiceId } from '../model/spec.js';
import type { Clock, History, HistoryPoint, Log } from '../ports/ports.js';
import type { Ms } from '../shared/span.js';
import { append, dropOldDays, fileBefore, fileOf, filesBetween, HISTORY_LIMITS, type HistoryLimits, seal } from './day-files.js';
import { MINUTE, type MinutePoint, Minutes, minuteOf } from './minutes.js';
import { lineOf, readPoints, take } from './read-points.js';

/** Minutes that are answered from memory, and for how long what a full disk refused is kept. */
const RING = 60;
/** A timer may be early by a fraction of a ms. */
const LATE: Ms = 50;
/** A point later than this from now was written by a wrong clock. */
const TOMORROW: Ms = 86_400_000;

export interface HistoryOptions {
  /** For the files, one a day. Made when there is something to write. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: HistoryLimits;
}

/** One minute as it was rolled up. */
interface Roll {
  readonly at: Ms;
  readonly points: readonly MinutePoint[];
  saved: boolean;
}

/** Keeps what services used: the last hour in memory, 14 days in files. While nothing is sampled it has no timer and writes nothing. */
export function createHistory(options: HistoryOptions): History {
  return new FileHistory(options);
}

class FileHistory implements History {
  private readonly minutes = new Minutes();
  private readonly ring: Roll[] = [];
  private timer: NodeJS.Timeout | null = null;
  private complained = false;
  /** The file that was written to last. */
  private today: string | null = null;

  constructor(private readonly options: HistoryOptions) {}

  add(samples: readonly ServiceSample[]): void {
    if (samples.length === 0) return;
    const { clock } = this.options;
    this.keep(this.minutes.add(samples, clock.wall(), clock.now()));
    this.timer ??= setTimeout(() => this.onTime(), this.untilNext()).unref();
  }

  async points(id: ServiceId, sinceWall: Ms, slot: Ms = MINUTE): Promise<readonly HistoryPoint[]> {
    const oldest = this.ring[0]?.at ?? Number.POSITIVE_INFINITY;
    const of = (rolls: readonly Roll[]) => rolls.flatMap(({ points }) => points.filter(point => point.id === id && point.at >= sinceWall));
    if (sinceWall >= oldest) return inOrder(of(this.ring), slot);
    const files = filesBetween(this.options.folder, sinceWall, this.options.clock.wall() + TOMORROW);
    const saved = await readPoints(files, id, sinceWall, slot);
    return inOrder([...saved, ...of(this.ring.filter(roll => !roll.saved))], slot);
  }

  /** What was seen of the running minute is kept as well. */
  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.keep(this.minutes.end());
  }

  /** The minute is over; whether another one follows is seen with the next sample. */
  private onTime(): void {
    this.timer = null;
    if (this.minutes.running === minuteOf(this.options.clock.wall())) {
      this.timer = setTimeout(() => this.onTime(), this.untilNext()).unref();
      return;
    }
    this.keep(this.minutes.end());
  }

  private untilNext(): Ms {
    return MINUTE - (this.options.clock.wall() % MINUTE) + LATE;
  }

  private keep(points: readonly MinutePoint[]): void {
    const [first] = points;
    if (first === undefined) return;
    this.ring.push({ at: first.at, points, saved: false });
    if (this.ring.length > RING) this.ring.shift();
    this.save();
  }

  /** With the first minute of a day, or of this process, the day before is over. It was kept already: what goes wrong here costs nothing. */
  private rollUp(at: Ms): void {
    const { folder, log } = this.options;
    const file = fileOf(folder, at);
    if (file === this.today) return;
    this.today = file;
    const before = fileBefore(folder, at);
    try {
      if (before !== null) seal(folder, before);
    } catch (error) {
      log.debug({ err: error }, 'a day of the usage history could not be rolled up');
    }
  }

  /** What could not be written before is tried again with each minute, for as long as it is in memory. */
  private save(): void {
    const { folder, clock, limits = HISTORY_LIMITS, log } = this.options;
    try {
      for (const roll of this.ring) {
        if (roll.saved) continue;
        const lines = roll.points.map(lineOf).join('');
        if (!dropOldDays(folder, clock.wall(), lines.length, limits))
          throw new Error(`today alone is over the cap of ${limits.size} bytes`);
        append(folder, roll.at, lines);
        roll.saved = true;
        this.rollUp(roll.at);
      }
      this.complained = false;
    } catch (error) {
      if (!this.complained) log.warn({ err: error }, 'the usage history could not be written; the last hour stays in memory');
      this.complained = true;
    }
  }
}

/** A clock that is set back writes an hour twice; both were measured, and both count. */
function inOrder(points: readonly MinutePoint[], slot: Ms): readonly HistoryPoint[] {
  const found: MinutePoint[] = [];
  for (const point of [...points].sort((a, b) => a.at - b.at)) take(found, point, slot);
  return found;
}
