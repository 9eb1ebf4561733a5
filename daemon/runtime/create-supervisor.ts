import { noticeOf } from '../api/notice.js';
import { builtImages } from '../model/image-builds.js';
import type { ListenerHooks, Listeners, UntilReady } from '../ports/listeners.js';
import type { MemoryRequests } from '../ports/memory-requests.js';
import type { Clock, Containers, History, HostMemory, Images, Log, Store, Usage } from '../ports/ports.js';
import type { ReclaimCache } from '../ports/reclaim.js';
import type { RedirectManager } from '../ports/redirects.js';
import type { ScheduleHooks, Scheduler } from '../ports/schedule.js';
import type { WindowsMemory } from '../ports/windows-memory.js';
import { isAnyStarting } from '../scheduler/memory/reclaim.js';
import type { Policy } from '../scheduler/policy/policy.js';
import type { Event } from '../scheduler/state/event.js';
import type { Ms } from '../shared/span.js';
import { Changes } from './changes.js';
import { prune } from './effects/clean.js';
import { type Effects, execute } from './effects/executors.js';
import { MemoryRequestFollower } from './effects/memory-reports.js';
import { ListenerManager, type ListenerManagerOptions } from './endpoints/listener-manager.js';
import { Redirector } from './endpoints/redirector.js';
import { facade } from './facade.js';
import { IntentKeeper } from './intent-keeper.js';
import { Loop } from './loop.js';
import { NoticeLog, Notices } from './notices.js';
import { Observer } from './observe.js';
import { pinsKept } from './pins.js';
import { RunningHours } from './running-hours.js';
import { LatestUsage } from './sampling/latest-usage.js';
import { LatestWindows } from './sampling/latest-windows.js';
import { Sampler } from './sampling/sampler.js';
import type { Supervisor } from './supervisor.js';
import { Trust } from './trust.js';
import { Waiters } from './waiters.js';
import { Watchers } from './watchers.js';

const NEVER = new AbortController().signal;

export interface SupervisorOptions {
  readonly containers: Containers;
  readonly images: Images;
  readonly usage: Usage;
  readonly history: History;
  readonly host: HostMemory;
  /** Asked under WSL alone. */
  readonly windowsMemory: WindowsMemory;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: Policy;
  /** The environment has the last word about the budget. */
  readonly budgetFixed: boolean;
  readonly version: string;
  readonly instance: string;
  readonly pid: number;
  /** Makes the listeners that listen for sleeping services. */
  readonly openListeners: (hooks: ListenerHooks) => Listeners;
  /** Finds out, once it is known what runs, whether the kernel can carry connections, by a helper container too where `helper`; null: it is not to. */
  readonly openRedirectManager: ((helper: boolean) => Promise<RedirectManager>) | null;
  readonly isLocal: (address: string) => Promise<boolean>;
  readonly expectConnection: ListenerManagerOptions['expect'];
  /** TCP ports at which the network of a process listens beyond its loopback. */
  readonly listening: (pid: number) => readonly number[];
  readonly untilReady: UntilReady;
  readonly reclaimCache: ReclaimCache;
  readonly openMemoryRequests: () => Promise<MemoryRequests>;
  readonly openScheduler: (hooks: ScheduleHooks) => Scheduler;
  /** When leftovers are removed, as a cron expression; null: never. */
  readonly pruneAt: string | null;
  /** How often the engine is asked for everything while anything runs, ms. */
  readonly relist: Ms;
  /** Called when a client asks the daemon to end. */
  readonly onShutdown: () => void;
}

export interface Running {
  readonly supervisor: Supervisor;
  /** Resolves when the engine was looked at once, or could not be: before that nothing is known of what runs. */
  readonly looked: Promise<void>;
  /** Ends watching, listening and deciding; services keep running. */
  close(): Promise<void>;
}

/**
 * Puts the daemon's parts together, each after what it needs: the loop first, since all read the world from it and post to it, and what carries out
 * its steps last. Then it decides: what was wanted before is restored, and the engine is watched.
 */
export function createSupervisor(options: SupervisorOptions): Running {
  const { containers, store, clock, log, usage, host, untilReady, isLocal } = options;
  const restored = store.load();
  if (restored.warning !== null) log.warn({}, restored.warning);
  const trust = new Trust(restored.intent.trusted, restored.intent.lastTrusted);

  const loop = new Loop({ policy: options.policy, clock });
  const world = () => loop.world;
  const post = (event: Event) => loop.post(event);

  const waiters = new Waiters();
  const changes = new Changes();
  const watchers = new Watchers();
  const notices = new Notices(clock);
  const noticeLog = new NoticeLog(log);
  notices.subscribe(() => watchers.poke());
  notices.subscribe(notice => noticeLog.add(notice));

  const figures = new LatestUsage(clock, host);
  const windows = new LatestWindows({
    ask: options.windowsMemory,
    isWsl: () => figures.host().host.wsl,
    clock,
    log,
    changed: () => watchers.poke(),
  });
  const sampler = new Sampler({ usage, history: options.history, host, containers, clock, log, figures, windows, watchers, world, post });
  const redirector = new Redirector({ open: options.openRedirectManager, containers, clock, log, world });
  const observer = new Observer({
    containers,
    clock,
    log,
    world,
    post,
    relist: options.relist,
    onCheck: (phase, container, exec) => sampler.checked(phase, container, exec),
    onObserved: isFirst => {
      redirector.begin();
      if (isFirst) void containers.removeHelpers().catch(error => log.warn({ err: error }, 'helper containers could not be looked for'));
    },
  });
  const listeners = new ListenerManager({
    containers,
    redirector,
    openListeners: options.openListeners,
    hasGateways: () => observer.engine?.kind === 'docker',
    isLocal,
    expect: options.expectConnection,
    clock,
    world,
    post,
    awake: id => waiters.wait(loop.world, [id], 'awake', NEVER),
    measure: () => sampler.take(),
    untilReady,
    listening: options.listening,
    log,
  });
  sampler.subscribe(() => {
    listeners.lookAtPorts();
    const uses = redirector.ids().map(id => listeners.seen(id));
    if (uses.length > 0) post({ kind: 'used', uses });
  });
  const memoryRequests = new MemoryRequestFollower({ open: options.openMemoryRequests, world, post, log });
  const keeper = new IntentKeeper({
    store,
    clock,
    log,
    world,
    trusted: () => ({ trusted: trust.list(), lastTrusted: trust.lastTrusted() }),
  });
  const pruneJob = { name: 'prune', run: () => observer.looked.then(() => prune(world, containers, log)) };
  const hours = new RunningHours({
    openScheduler: options.openScheduler,
    // The roll-up of the usage history goes here as well: { name: 'roll-up', expression: '5 * * * *', run }.
    jobs: options.pruneAt === null ? [] : [{ ...pruneJob, expression: options.pruneAt }],
    post,
    uses: () => listeners.uses(),
  });

  const effects: Effects = {
    containers,
    images: options.images,
    builds: project => builtImages(loop.world.projects.get(project)?.spec.services ?? []),
    clock,
    log,
    post,
    tell: (spec, content) => notices.add([noticeOf(spec.project, spec.name, content)]),
    version: () => loop.world.version,
    listeners,
    redirector,
    memoryRequests,
    workingSet: id => sampler.workingSet(id),
    untilReady,
    heard: (id, port) => loop.world.services.get(id)?.spoken[port],
    cpu: ({ id, pid }) => (pid === null ? null : (usage.sample(id, pid)?.cpu ?? null)),
    forget: container => usage.forget(container),
    isLocal,
    reclaimCache: options.reclaimCache,
    isAnyStarting: () => isAnyStarting(loop.world),
    persist: () => keeper.keep(),
  };
  loop.start({
    execute: step => execute(step, effects),
    onNotices: added => notices.add(added),
    onWorld: now => {
      waiters.update(now);
      changes.update();
      sampler.update(now);
      redirector.update(now);
      listeners.update(now);
      memoryRequests.update(now);
      hours.update(now);
      watchers.poke();
    },
  });
  const { projects, pins = [], budget = null, learnt = [] } = restored.intent;
  post({ kind: 'restored', projects, pins: pinsKept(pins, clock), budget: options.budgetFixed ? null : budget, learnt });
  observer.begin();

  const engine = () => observer.engine;
  const parts = { notices, waiters, changes, trust, listeners, sampler, figures, windows, watchers, hours, keeper, engine };
  return {
    supervisor: facade(options, loop, parts),
    looked: observer.looked.then(() => hours.ready()),
    close: async () => {
      observer.close();
      keeper.close();
      hours.close();
      loop.close();
      watchers.close();
      sampler.close();
      memoryRequests.close();
      options.history.close();
      await Promise.all([redirector.close(), listeners.close()]).finally(() => noticeLog.flush());
    },
  };
}
