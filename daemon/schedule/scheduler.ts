import type { HoursTick } from '../model/schedule.js';
import type { Schedule } from '../model/spec.js';
import type { Clock, Log } from '../ports/ports.js';
import type { ScheduleHooks, Scheduler } from '../ports/schedule.js';
import type { Ms } from '../shared/span.js';
import { type Cron, everyDay, lastTick, nextTick, readCron, type Times } from './calendar.js';
import type { Seen, TickFile } from './tick-file.js';

/** Calls back once after some ms; returns what prevents it. */
export type After = (ms: Ms, run: () => void) => () => void;

export interface SchedulerOptions extends ScheduleHooks {
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Log;
  readonly file: TickFile;
  /** Loads node-cron; called once, when an expression needs it. */
  readonly loadCron: () => Promise<Cron>;
  readonly after: After;
}

type Project = Parameters<Scheduler['set']>[0][number];

/** Something with ticks, before its expressions are understood. */
interface Plan {
  readonly name: string;
  readonly slots: readonly { readonly what: string; readonly expression: string }[];
  run(what: string): void;
}

interface Slot {
  readonly what: string;
  readonly times: Times;
  next: Ms | null;
}

interface Subject extends Plan {
  /** Its slots as text: what has other ones begins anew. */
  readonly expressions: string;
  readonly timed: readonly Slot[];
  /** No tick up to here is done (again): the last one that was, or when the subject became known. */
  until: Ms;
}

/**
 * A timer does not run while the machine is suspended, and is then late by as much; so the clock is looked at in between, as cron
 * does each minute. For jobs alone less often.
 */
const LONGEST_SLEEP: Ms = 60_000;
const LONGEST_SLEEP_OF_JOBS: Ms = 3_600_000;
/** A clock that is put back by more than this was wrong before: it is believed anew. By less: no tick comes twice. */
const BACK_TO_TRUTH: Ms = 24 * 3_600_000;

/**
 * One timer for all ticks. INVARIANTS: a tick is done once at most, whatever the clock does; of those that were missed the last one
 * of a subject is done, once; nothing ticks when there is nothing to do, and node-cron is not loaded before an expression needs it.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new TickScheduler(options);
}

class TickScheduler implements Scheduler {
  private projects: readonly Project[] | null = null;
  private subjects = new Map<string, Subject>();
  private kept: Seen | null = null;
  private cron: Cron | null = null;
  private loading: Promise<void> | null = null;
  private lookedAt: Ms = Number.NEGATIVE_INFINITY;
  private dueAt: Ms = Number.POSITIVE_INFINITY;
  private cancel: (() => void) | null = null;
  private closed = false;

  constructor(private readonly options: SchedulerOptions) {}

  set(projects: readonly Project[]): void {
    const before = this.projects;
    const isSame = (project: Project, index: number) =>
      before?.[index]?.name === project.name && before[index].schedule === project.schedule;
    if (this.closed || (before?.length === projects.length && projects.every(isSame))) return;
    this.projects = projects;
    this.arrange();
  }

  look(): void {
    if (this.closed) return;
    const wall = this.options.clock.wall();
    const isBack = wall < this.lookedAt;
    this.lookedAt = wall;
    if (isBack || wall >= this.dueAt) this.seeTo(wall);
  }

  next(project: string, what?: HoursTick): { readonly what: HoursTick; readonly at: Ms } | null {
    const slots = this.subjects.get(projectKey(project))?.timed ?? [];
    const coming = slots.flatMap(slot =>
      slot.next === null || (what !== undefined && slot.what !== what) ? [] : [{ what: slot.what as HoursTick, at: slot.next }],
    );
    return coming.sort((a, b) => a.at - b.at)[0] ?? null;
  }

  ready(): Promise<void> {
    return this.loading ?? Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  private plans(): Plan[] {
    const { jobs, onTick, log } = this.options;
    const ofJob = (job: (typeof jobs)[number]): Plan => ({
      name: `job ${job.name}`,
      slots: [{ what: job.name, expression: job.expression }],
      run: () => {
        const run = async () => job.run();
        run().catch(error => log.error({ job: job.name, err: error }, 'a scheduled job failed'));
      },
    });
    const ofProject = ({ name, schedule }: Project): Plan => ({
      name: projectKey(name),
      slots: slotsOf(schedule),
      run: what => onTick(name, what as HoursTick),
    });
    return [...(this.projects ?? []).map(ofProject), ...jobs.map(ofJob)];
  }

  /** Makes the subjects those that are wanted now; what was missed is made up. */
  private arrange(): void {
    const { clock } = this.options;
    const plans = this.plans();
    const needsCron = plans.some(({ slots }) => slots.some(({ expression }) => everyDay(expression) === null));
    if (needsCron && this.cron === null) {
      this.loading ??= this.load();
      return;
    }
    const wall = clock.wall();
    this.kept ??= this.options.file.load();
    const before = this.subjects;
    this.subjects = new Map(plans.map(plan => [plan.name, this.subjectOf(plan, before.get(plan.name), wall)]));
    const isNew = [...this.subjects.values()].some(({ name, expressions }) => this.kept?.[name]?.expressions !== expressions);
    if (isNew || before.size > this.subjects.size) this.keep();
    this.lookedAt = wall;
    this.seeTo(wall);
  }

  private async load(): Promise<void> {
    try {
      this.cron = await this.options.loadCron();
      if (!this.closed) this.arrange();
    } catch (error) {
      this.options.log.error({ err: error }, 'node-cron could not be loaded: there are no running hours');
    }
  }

  private subjectOf(plan: Plan, before: Subject | undefined, wall: Ms): Subject {
    const expressions = plan.slots.map(({ what, expression }) => `${what} ${expression}`).join('; ');
    if (before?.expressions === expressions) return { ...before, ...plan };
    const kept = this.kept?.[plan.name];
    const until = kept?.expressions === expressions ? kept.until : wall;
    return { ...plan, expressions, until, timed: plan.slots.flatMap(slot => this.timed(plan.name, slot)) };
  }

  private timed(name: string, { what, expression }: Plan['slots'][number]): Slot[] {
    try {
      const times = everyDay(expression) ?? (this.cron === null ? null : readCron(expression, this.cron));
      return times === null ? [] : [{ what, times, next: null }];
    } catch (error) {
      this.options.log.warn({ of: name, expression, err: error }, 'this cron expression is not understood, and passed over');
      return [];
    }
  }

  /** Does what is due, of each subject the last tick only; and finds out what is due next. */
  private seeTo(wall: Ms): void {
    const due: { readonly subject: Subject; readonly what: string; readonly at: Ms }[] = [];
    let isChanged = false;
    for (const subject of this.subjects.values()) {
      const last = dueOf(subject, wall);
      if (last) due.push({ subject, ...last });
      const until = last?.at ?? (wall < subject.until - BACK_TO_TRUTH ? wall : subject.until);
      isChanged ||= until !== subject.until;
      subject.until = until;
      for (const slot of subject.timed) slot.next = nextTick(slot.times, Math.max(wall, until));
    }
    // Before it is done: a tick that a crash cuts short is not done twice.
    if (isChanged) this.keep();
    const coming = [...this.subjects.values()].flatMap(({ timed }) => timed.flatMap(({ next }) => (next === null ? [] : [next])));
    this.dueAt = Math.min(...coming, Number.POSITIVE_INFINITY);
    this.arm(wall);
    for (const { subject, what, at } of due) {
      this.options.log.info({ of: subject.name, what, late: wall - at }, 'by the clock');
      subject.run(what);
    }
  }

  private arm(wall: Ms): void {
    this.cancel?.();
    this.cancel = null;
    if (this.dueAt === Number.POSITIVE_INFINITY) return;
    const longest = this.projects?.length ? LONGEST_SLEEP : LONGEST_SLEEP_OF_JOBS;
    this.cancel = this.options.after(Math.max(1, Math.min(longest, this.dueAt - wall)), () => {
      this.look();
      if (!this.closed) this.arm(this.options.clock.wall());
    });
  }

  private keep(): void {
    this.kept = Object.fromEntries([...this.subjects.values()].map(({ name, expressions, until }) => [name, { expressions, until }]));
    try {
      this.options.file.save(this.kept);
    } catch (error) {
      this.options.log.warn({ err: error }, 'the times of the last ticks could not be kept: after a restart one may come again');
    }
  }
}

/** The latest of its slots' ticks up to now that was not done yet; of two at one moment the `down`, which is the later in the list. */
function dueOf({ timed, until }: Subject, wall: Ms): { readonly what: string; readonly at: Ms } | null {
  let last: { readonly what: string; readonly at: Ms } | null = null;
  for (const { what, times } of timed) {
    const at = lastTick(times, until, wall);
    if (at !== null && (last === null || at >= last.at)) last = { what, at };
  }
  return last;
}

function slotsOf({ up, down }: Schedule): Plan['slots'] {
  return [...(up === null ? [] : [{ what: 'up', expression: up }]), ...(down === null ? [] : [{ what: 'down', expression: down }])];
}

function projectKey(name: string): string {
  return `project ${name}`;
}
