import type { EngineInfo } from '../api/engine-info.js';
import { noticeOf } from '../api/notice.js';
import { builtImages } from '../model/image-builds.js';
import type { ListenerHooks, Listeners, UntilReady } from '../ports/listeners.js';
import type { MemoryRequests } from '../ports/memory-requests.js';
import type { Clock, Containers, History, HostMemory, Images, Log, Store, Usage } from '../ports/ports.js';
import type { ReclaimCache } from '../ports/reclaim.js';
import type { RedirectManager } from '../ports/redirects.js';
import type { ScheduleHooks, Scheduler } from '../ports/schedule.js';
import { isAnyStarting } from '../scheduler/memory/reclaim.js';
import type { Policy } from '../scheduler/policy/policy.js';
import { isActive } from '../scheduler/state/service-state.js';
import type { Ms } from '../shared/span.js';
import { Changes } from './changes.js';
import { prune } from './effects/clean.js';
import { type Effects, execute } from './effects/executors.js';
import { MemoryRequestFollower } from './effects/memory-reports.js';
import { facade } from './facade.js';
import { IntentKeeper } from './intent-keeper.js';
import { ListenerManager, type ListenerManagerOptions } from './listeners/listener-manager.js';
import { Redirector } from './listeners/redirector.js';
import { Loop } from './loop.js';
import { NoticeLog, Notices } from './notices.js';
import { observe } from './observe.js';
import { pinsKept } from './pins.js';
import { RunningHours } from './running-hours.js';
import { LatestUsage } from './sampling/latest-usage.js';
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
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: Policy;
  /** The environment has the last word about the budget. */
  readonly budgetFixed: boolean;
  readonly version: string;
  readonly instance: string;
  readonly pid: number;
  /** Makes the doors that listen for sleeping services. */
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

/** Puts the loop together with its effects and starts to watch the engine. What was wanted before is restored first. */
export function createSupervisor(options: SupervisorOptions): Running {
  const { containers, store, clock, log } = options;
  const notices = new Notices(clock);
  const waiters = new Waiters();
  const changes = new Changes();
  const restored = store.load();
  if (restored.warning !== null) log.warn({}, restored.warning);
  const trust = new Trust(restored.intent.trusted, restored.intent.lastTrusted);
  const ending = new AbortController();
  let engine: EngineInfo | null = null;
  let onLooked: () => void = () => undefined;
  const looked = new Promise<void>(resolve => {
    onLooked = resolve;
  });
  const carrier = new Redirector({ open: options.openRedirectManager, containers, clock, log, world: () => loop.world });
  const doors = new ListenerManager({
    containers,
    carrier,
    openListeners: options.openListeners,
    hasGateways: () => engine?.kind === 'docker',
    isLocal: options.isLocal,
    expect: options.expectConnection,
    clock,
    world: () => loop.world,
    post: event => loop.post(event),
    awake: id => waiters.wait(loop.world, [id], 'awake', NEVER),
    measure: () => sampler.take(),
    untilReady: options.untilReady,
    listening: options.listening,
    log,
  });
  const keeper = new IntentKeeper({
    store,
    clock,
    log,
    world: () => loop.world,
    trusted: () => ({ trusted: trust.list(), lastTrusted: trust.lastTrusted() }),
  });
  const asker = new MemoryRequestFollower({
    open: options.openMemoryRequests,
    world: () => loop.world,
    post: event => loop.post(event),
    log,
  });
  const figures = new LatestUsage(clock, options.host);
  const watchers = new Watchers();
  const sampler = new Sampler({
    usage: options.usage,
    history: options.history,
    host: options.host,
    containers,
    clock,
    log,
    figures,
    watchers,
    world: () => loop.world,
    post: event => loop.post(event),
    onFigures: () => {
      doors.lookAtPorts();
      const uses = carrier.ids().map(id => doors.seen(id));
      if (uses.length > 0) loop.post({ kind: 'used', uses });
    },
  });
  const effects: Effects = {
    containers,
    images: options.images,
    builds: project => builtImages(loop.world.projects.get(project)?.spec.services ?? []),
    clock,
    log,
    post: event => loop.post(event),
    tell: (spec, content) => notices.add([noticeOf(spec.project, spec.name, content)]),
    version: () => loop.world.version,
    doors,
    carrier,
    asker,
    workingSet: id => sampler.workingSet(id),
    untilReady: options.untilReady,
    heard: (id, port) => loop.world.services.get(id)?.spoken[port],
    cpu: ({ id, pid }) => (pid === null ? null : (options.usage.sample(id, pid)?.cpu ?? null)),
    forget: container => options.usage.forget(container),
    isLocal: options.isLocal,
    reclaimCache: options.reclaimCache,
    isAnyStarting: () => isAnyStarting(loop.world),
    persist: () => keeper.keep(),
  };
  const pruneJob = { name: 'prune', run: () => looked.then(() => prune(() => loop.world, containers, log)) };
  const hours = new RunningHours({
    openScheduler: options.openScheduler,
    // The roll-up of the usage history goes here as well: { name: 'roll-up', expression: '5 * * * *', run }.
    jobs: options.pruneAt === null ? [] : [{ ...pruneJob, expression: options.pruneAt }],
    post: event => loop.post(event),
    uses: () => doors.uses(),
  });
  const loop = new Loop({
    policy: options.policy,
    clock,
    execute: step => execute(step, effects),
    onNotices: added => notices.add(added),
    onWorld: world => {
      waiters.update(world);
      changes.update();
      sampler.update(world);
      carrier.update(world);
      doors.update(world);
      asker.update(world);
      hours.update(world);
      watchers.poke();
    },
  });
  notices.subscribe(() => watchers.poke());
  const noticeLog = new NoticeLog(log);
  notices.subscribe(notice => noticeLog.add(notice));
  const { projects, pins = [], budget = null, learnt = [] } = restored.intent;
  loop.post({ kind: 'restored', projects, pins: pinsKept(pins, clock), budget: options.budgetFixed ? null : budget, learnt });
  let left = true;
  const removeHelpers = () => {
    if (left) void containers.removeHelpers().catch(error => log.warn({ err: error }, 'helper containers could not be looked for'));
    left = false;
  };
  void observe({
    containers,
    clock,
    log,
    post: event => {
      loop.post(event);
      if (event.kind === 'observed') {
        carrier.begin();
        removeHelpers();
      }
      if (event.kind !== 'engine') onLooked();
    },
    version: effects.version,
    isBusy: () => [...loop.world.services.values()].some(entry => isActive(entry.state)),
    relist: options.relist,
    signal: ending.signal,
    onCheck: (phase, container, exec) => sampler.checked(phase, container, exec),
    onEngine: info => (engine = info),
  });
  const supervisor = facade(options, loop, {
    notices,
    waiters,
    changes,
    trust,
    doors,
    sampler,
    figures,
    watchers,
    hours,
    keeper,
    engine: () => engine,
  });
  return {
    supervisor,
    looked: looked.then(() => hours.ready()),
    close: async () => {
      ending.abort();
      keeper.close();
      hours.close();
      loop.close();
      watchers.close();
      sampler.close();
      asker.close();
      options.history.close();
      await Promise.all([carrier.close(), doors.close()]).finally(() => noticeLog.flush());
    },
  };
}
