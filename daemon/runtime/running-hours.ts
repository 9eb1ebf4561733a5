import type { ServiceView } from '../api/views.js';
import type { ScheduleHooks, Scheduler } from '../ports/schedule.js';
import type { Event, UseSeen } from '../scheduler/state/event.js';
import type { World } from '../scheduler/state/world.js';
import type { Ms } from '../shared/span.js';

export interface RunningHoursOptions {
  readonly openScheduler: (hooks: ScheduleHooks) => Scheduler;
  readonly jobs: ScheduleHooks['jobs'];
  readonly post: (event: Event) => void;
  /** How services are used now: who is in the middle of an exchange is not stopped. */
  readonly uses: () => readonly UseSeen[];
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** From here on a day of the week does not say which one. */
const WEEK: Ms = 6 * 24 * 3_600_000;

/** Keeps the scheduler at the projects that there are, and says when they come up again: core knows no wall clock. */
export class RunningHours {
  private readonly scheduler: Scheduler;

  constructor({ openScheduler, jobs, post, uses }: RunningHoursOptions) {
    this.scheduler = openScheduler({
      jobs,
      onTick: (project, what) => {
        post({ kind: 'used', uses: uses() });
        post({ kind: 'scheduled', project, what });
      },
    });
  }

  /** Called after each decision: also a moment to see that the clock has jumped. */
  update(world: World): void {
    this.scheduler.set(
      [...world.projects.values()].flatMap(({ spec: { name, schedule }, leaving }) =>
        schedule === null || leaving !== null ? [] : [{ name, schedule }],
      ),
    );
    this.scheduler.look();
  }

  /** The view with the time at which it comes up again, where its running hours have stopped it. */
  withNextUp(world: World, view: ServiceView, wall: Ms): ServiceView {
    if (view.state !== 'stopped' || world.services.get(`${view.project}/${view.name}`)?.hours !== 'closed') return view;
    const up = this.scheduler.next(view.project, 'up');
    return up === null ? view : { ...view, why: `${view.why}; up again ${timeText(up.at, wall)}` };
  }

  ready(): Promise<void> {
    return this.scheduler.ready();
  }

  close(): void {
    this.scheduler.close();
  }
}

/** `Mon 09:00`, local; with the date when it is a week away or more. */
export function timeText(at: Ms, now: Ms): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = at - now < WEEK ? '' : ` ${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return `${DAYS[date.getDay()]}${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
