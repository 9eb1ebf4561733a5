import type { HoursTick } from '../model/schedule.js';
import type { Schedule } from '../model/spec.js';
import type { Ms } from '../shared/span.js';

/** Something that the daemon does by the clock. */
export interface Job {
  readonly name: string;
  /** A cron expression, local time. */
  readonly expression: string;
  /** What is thrown is logged. */
  run(): Promise<void> | void;
}

export interface ScheduleHooks {
  /** The running hours of a project begin or end; also the last of those ticks that were missed. */
  onTick(project: string, what: HoursTick): void;
  readonly jobs: readonly Job[];
}

/** The wall clock's part: running hours of projects, and jobs. */
export interface Scheduler {
  /** All projects with running hours, from now on. Cheap when nothing has changed. A project that is new, or whose hours are, begins with its next tick. */
  set(projects: readonly { readonly name: string; readonly schedule: Schedule }[]): void;
  /** Looks at the clock: what is due is done. Cheap when nothing is. */
  look(): void;
  /** The next tick of a project, or the next of one kind; ms since the epoch. null: there is none, or it is not known yet. */
  next(project: string, what?: HoursTick): { readonly what: HoursTick; readonly at: Ms } | null;
  /** Resolves when what was missed before the last `set` has been made up. */
  ready(): Promise<void>;
  close(): void;
}
