import type { EngineInfo } from '../api/engine-info.js';
import type { ServiceView } from '../api/views.js';
import type { Answer } from '../scheduler/state/event.js';
import { viewOf } from '../scheduler/views/view.js';
import { type Failure, failure } from '../shared/failure.js';
import type { Changes } from './changes.js';
import type { SupervisorOptions } from './create-supervisor.js';
import { cleanProject } from './effects/clean.js';
import { movedFrom, movedNotice } from './effects/moved-folder.js';
import { execOneOff } from './effects/one-off.js';
import type { ListenerManager } from './endpoints/listener-manager.js';
import { containerFor, engineBack, wakeFor } from './endpoints/wake.js';
import type { IntentKeeper } from './intent-keeper.js';
import type { Loop } from './loop.js';
import type { Notices } from './notices.js';
import { adviceOf, historyOf } from './queries/advice.js';
import { budgetBeyond, budgetView, measured } from './queries/budget-view.js';
import { counted } from './queries/exec-count.js';
import { followLogs } from './queries/follow-logs.js';
import type { RunningHours } from './running-hours.js';
import type { LatestUsage } from './sampling/latest-usage.js';
import type { LatestWindows } from './sampling/latest-windows.js';
import { LiveSnapshots } from './sampling/live-snapshots.js';
import type { Sampler } from './sampling/sampler.js';
import type { Supervisor } from './supervisor.js';
import { type Trust, unresolvable } from './trust.js';
import type { Waiters } from './waiters.js';
import type { Watchers } from './watchers.js';

/** What answers them. */
interface FacadeParts {
  readonly notices: Notices;
  readonly waiters: Waiters;
  readonly changes: Changes;
  readonly trust: Trust;
  readonly listeners: ListenerManager;
  readonly sampler: Sampler;
  readonly figures: LatestUsage;
  readonly windows: LatestWindows;
  readonly watchers: Watchers;
  readonly hours: RunningHours;
  readonly keeper: IntentKeeper;
  readonly engine: () => EngineInfo | null;
}

/** The daemon as its clients see it. */
export function facade(
  options: SupervisorOptions,
  loop: Loop,
  { notices, waiters, changes, trust, listeners, sampler, figures, windows, watchers, hours, keeper, engine }: FacadeParts,
): Supervisor {
  const { containers, usage, clock } = options;
  const { version, instance, pid } = options;
  const startedAt = clock.wall();
  const views = (project: string | null): ServiceView[] => {
    // How much time is left is known to the listeners alone: bytes that flow are no event.
    loop.post({ kind: 'used', uses: listeners.uses() });
    return [...loop.world.services.values()]
      .filter(entry => project === null || entry.spec.project === project)
      .map(entry => hours.withNextUp(loop.world, viewOf(loop.world, entry, clock.now()), clock.wall()));
  };
  const snapshots = new LiveSnapshots({
    clock,
    policy: options.policy,
    world: () => loop.world,
    figures,
    windows,
    sampler,
    uses: () => listeners.glance(),
    withNextUp: (world, view, wall) => hours.withNextUp(world, view, wall),
    engine,
    daemon: { version, pid, instance, startedAt },
  });
  return {
    info: { version, pid, instance, startedAt },
    engine,
    async act(action, { dryRun, trust: granted }) {
      const tooLarge = action.kind === 'budget' ? budgetBeyond(action.bytes, options) : null;
      if (tooLarge) return { ok: false, failure: tooLarge };
      const unjudged = action.kind === 'up' ? unresolvable(action.spec) : null;
      if (unjudged) return { ok: false, failure: unjudged };
      const refusal = action.kind === 'up' ? trust.check(action.spec, granted && !dryRun) : null;
      if (refusal && !(dryRun && granted)) return { ok: false, failure: refusal };
      await engineBack(loop, clock);
      loop.post({ kind: 'used', uses: listeners.uses() });
      sampler.now();
      const from = action.kind === 'up' ? movedFrom(loop.world, action.spec) : null;
      const asked = from === null ? action : { ...action, moved: true };
      const answer = dryRun ? loop.rehearse(asked) : await loop.ask(asked);
      if (!answer) return { ok: false, failure: failure('internal', 'an action was not answered') };
      if (from !== null && answer.ok && !dryRun && action.kind === 'up') notices.add([movedNotice(action.spec, from)]);
      return dryRun ? answer : warned(answer, keeper.unkept);
    },
    settled: (ids, goal, signal) => waiters.wait(loop.world, ids, goal, signal),
    services: async (project, withUsage) => (withUsage ? measured(views(project), loop.world, usage) : views(project)),
    projects: () =>
      [...loop.world.projects.values()].map(({ spec: { name, root, profile, folder } }) => ({
        name,
        root,
        profile,
        ...(folder === undefined ? {} : { folder }),
      })),
    leases: () =>
      [...loop.world.leases.values()].map(({ until, ...lease }) => ({
        ...lease,
        remaining: until === null ? null : Math.max(0, until - clock.now()),
      })),
    budget: async () => budgetView(options, loop, await measured(views(null), loop.world, usage)),
    advice: project => adviceOf(loop.world, options.history, clock, project),
    live: () => snapshots.live(),
    totals: () => figures.totals(),
    history: (id, sinceWall, slot) => historyOf({ history: options.history, recent: figures.recent, clock }, id, sinceWall, slot),
    watch: (every, changed) => {
      const end = watchers.add(every, changed);
      sampler.watched();
      return () => {
        end();
        sampler.watched();
      };
    },
    notices: () => notices.list(),
    subscribe: listener => notices.subscribe(listener),
    logs: (id, logOptions) =>
      logOptions.follow
        ? followLogs(id, logOptions, { containers, clock, world: () => loop.world, changes })
        : containers.logs(containerFor(loop, id, false), logOptions),
    exec: async (id, execOptions) => {
      if (execOptions.beside) return execOneOff(loop.world, options, notices, id, execOptions);
      await wakeFor(loop, listeners, id);
      return counted(await containers.exec(containerFor(loop, id, true), execOptions), by => listeners.execOpened(id, by));
    },
    clean: (project, cleanOptions) => cleanProject(loop.world, containers, project, cleanOptions),
    shutdown: async () => options.onShutdown(),
  };
}

/** What was asked for is done; that it is not kept is said with it. */
function warned(answer: Answer, unkept: Failure | null): Answer {
  return answer.ok && unkept ? { ok: true, plan: { ...answer.plan, warnings: [...(answer.plan.warnings ?? []), unkept] } } : answer;
}
