import * as cron from 'node-cron';
import type { Schedule } from '../../daemon/model/spec.js';
import type { Log } from '../../daemon/ports/ports.js';
import type { Job, Scheduler } from '../../daemon/ports/schedule.js';
import { createScheduler } from '../../daemon/schedule/scheduler.js';
import type { Seen } from '../../daemon/schedule/tick-file.js';

interface Timer {
  /** By the clock that stands still while the machine sleeps. */
  readonly at: number;
  readonly run: () => void;
}

const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A machine that can be suspended and whose wall clock can be set; its disk survives the daemon. */
export class Machine {
  readonly ticks: string[] = [];
  readonly jobs: Job[] = [];
  disk: Seen = {};
  loads = 0;
  timersFired = 0;
  isFull = false;
  private awake = 0;
  private readonly timers = new Set<Timer>();
  private scheduler: Scheduler | null = null;

  constructor(public wall: number) {}

  get daemon(): Scheduler {
    if (!this.scheduler) throw new Error('no daemon');
    return this.scheduler;
  }

  /** When the timer goes off next, in ms; null: none is set. */
  get sleep(): number | null {
    const [first] = [...this.timers].sort((a, b) => a.at - b.at);
    return first ? first.at - this.awake : null;
  }

  async start(projects: Readonly<Record<string, Schedule>> = {}): Promise<void> {
    this.stop();
    this.scheduler = createScheduler({
      clock: { wall: () => this.wall },
      log: SILENT,
      jobs: this.jobs,
      onTick: (project, what) => this.ticks.push(`${project} ${what} ${stamp(this.wall)}`),
      file: { load: () => this.disk, save: seen => this.save(seen) },
      loadCron: async () => {
        this.loads++;
        return cron;
      },
      after: (ms, run) => {
        const timer = { at: this.awake + ms, run };
        this.timers.add(timer);
        return () => this.timers.delete(timer);
      },
    });
    await this.set(projects);
  }

  async set(projects: Readonly<Record<string, Schedule>>): Promise<void> {
    this.daemon.set(Object.entries(projects).map(([name, schedule]) => ({ name, schedule })));
    await this.daemon.ready();
  }

  stop(): void {
    this.scheduler?.close();
    this.scheduler = null;
  }

  /** Time passes as it should, timers go off. */
  pass(ms: number): void {
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, this.sleep ?? left);
      this.awake += step;
      this.wall += step;
      left -= step;
      for (const timer of [...this.timers].filter(({ at }) => at <= this.awake)) {
        this.timers.delete(timer);
        this.timersFired++;
        timer.run();
      }
    }
  }

  /** The machine sleeps, or its clock is set: no timer notices. */
  jump(ms: number): void {
    this.wall += ms;
  }

  /** What has ticked since this was asked last. */
  reported(): string[] {
    return this.ticks.splice(0);
  }

  private save(seen: Seen): void {
    if (this.isFull) throw new Error('ENOSPC');
    this.disk = seen;
  }
}

/** Local, to the minute: `20 18:00`. */
function stamp(at: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = new Date(at);
  return `${date.getDate()} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
