import type { ContainerSample, ServiceSample } from '../../model/container-sample.js';
import type { HostSample } from '../../model/host-sample.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock, Containers, History, HostMemory, Log, Usage } from '../../ports/ports.js';
import type { Event, UsageSeen } from '../../scheduler/state/event.js';
import type { ServiceEntry, World } from '../../scheduler/state/world.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import type { Watchers } from '../watchers.js';
import { CheckTime } from './check-time.js';
import { ENGINE_EVERY, EnginePace } from './engine-pace.js';
import type { LatestUsage } from './latest-usage.js';
import type { LatestWindows } from './latest-windows.js';

/** The host is looked at each second while anything runs; services, and what is told of the host when all is well, less often. */
const HOST_EVERY: Ms = 1_000;
const SERVICES_EVERY: Ms = 5_000;
/** From here on every look at the host is told: the windows of the pressure rules are seconds. */
const NEAR = { available: 0.15, some10: 5 };
/** Who asks without watching asks again, as a scraper of metrics does: for so long what people look at is read for him. */
const LOOKED_FOR: Ms = 60_000;

type Memory = Omit<HostSample, 'at'>;

export interface SamplerOptions {
  readonly usage: Usage;
  /** Is given all samples of services that the core is. */
  readonly history: History;
  readonly host: HostMemory;
  readonly containers: Containers;
  readonly clock: Clock;
  readonly log: Log;
  readonly figures: LatestUsage;
  readonly windows: Pick<LatestWindows, 'watched'>;
  readonly watchers: Watchers;
  readonly world: () => World;
  readonly post: (event: Event) => void;
}

/**
 * Measures what runs, and the host with it: for the core always at the same pace, for those who watch at theirs. What is decided does not
 * depend on who looks. While nothing runs and nobody watches there is no timer: at rest the daemon works on events.
 */
export class Sampler {
  private timer: { readonly every: Ms; readonly handle: NodeJS.Timeout } | null = null;
  private servicesAt: Ms = Number.NEGATIVE_INFINITY;
  private hostAt: Ms = Number.NEGATIVE_INFINITY;
  private figuresAt: Ms = Number.NEGATIVE_INFINITY;
  private engineAt: Ms = Number.NEGATIVE_INFINITY;
  private lookedAt: Ms = Number.NEGATIVE_INFINITY;
  private isAsking = false;
  /** What is open or known, by container: forgotten when it does not run any more. */
  private readonly known = new Map<ServiceId, string>();
  /** Containers whose files cannot be read: not tried at each look. */
  private readonly unread = new Set<string>();
  private readonly pace = new EnginePace();
  private readonly checks = new CheckTime();
  private readonly listeners = new Set<() => void>();
  private forgotten = 0;

  constructor(private readonly options: SamplerOptions) {}

  /** Calls back each time that all figures were taken for the core. Returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The world has changed: begins with the first service that runs, and ends with the last. */
  update(world: World): void {
    for (const [id, container] of this.known) {
      const state = world.services.get(id)?.state;
      if (state?.kind !== 'running' || state.container !== container) this.forget(id, container);
    }
    if (world.forgotten !== this.forgotten) this.options.figures.recent.keep(id => world.services.has(id));
    this.forgotten = world.forgotten;
    this.arm();
  }

  /** Somebody begins to watch, or has ended. */
  watched(): void {
    const { watchers, clock, windows } = this.options;
    this.arm();
    if (watchers.every === null) return;
    if (clock.now() - this.figuresAt >= watchers.every) this.measure(false);
    windows.watched();
  }

  /** Somebody looks who does not watch: figures that are older than at rest are taken now. */
  looked(): void {
    const now = this.options.clock.now();
    const isDetailed = this.isDetailed;
    this.lookedAt = now;
    if (!isDetailed || now - this.figuresAt >= SERVICES_EVERY) this.measure(false);
  }

  /** All figures, now: before a decision that rests on them. */
  now(): void {
    this.measure(true);
  }

  /** The same, handed over instead of posted: for an event that carries them. */
  take(): Omit<UsageSeen, 'uses'> {
    this.unread.clear();
    this.servicesAt = this.figuresAt = this.options.clock.now();
    const { samples, memory } = this.figures();
    this.options.history.add(samples);
    this.options.watchers.poke();
    return this.seen(samples, memory);
  }

  /** The engine's own health check began or ended in a container. */
  checked(phase: 'started' | 'ended', container: string, exec: string): void {
    const entry = this.running().find(([, each]) => each.container === container)?.[1];
    const pid = entry?.address?.pid ?? null;
    const cpu = pid === null ? null : (this.options.usage.sample(container, pid, false)?.cpu ?? null);
    this.checks[phase](container, exec, this.options.clock.now(), cpu);
  }

  workingSet(id: ServiceId): Bytes | null {
    const entry = this.options.world().services.get(id);
    return entry ? (this.sample(id, entry, false)?.workingSet ?? null) : null;
  }

  close(): void {
    if (this.timer) clearInterval(this.timer.handle);
    this.timer = null;
    for (const [id, container] of [...this.known]) this.forget(id, container);
  }

  private get isDetailed(): boolean {
    return this.options.watchers.every !== null || this.options.clock.now() - this.lookedAt < LOOKED_FOR;
  }

  /** One timer, as fast as its fastest user needs it; parts of a second, so that the host is looked at each second whoever watches. */
  private arm(): void {
    const { watchers, world } = this.options;
    const asked = watchers.every;
    const forWatchers = asked === null || asked >= HOST_EVERY ? asked : HOST_EVERY / Math.ceil(HOST_EVERY / asked);
    const every = isBusy(world()) ? Math.min(HOST_EVERY, forWatchers ?? HOST_EVERY) : forWatchers;
    if (every === (this.timer?.every ?? null)) return;
    if (this.timer) clearInterval(this.timer.handle);
    this.timer = every === null ? null : { every, handle: setInterval(() => this.tick(), every) };
  }

  private tick(): void {
    const { watchers, world, host, windows } = this.options;
    const isRunning = isBusy(world());
    const isForCore = isRunning && this.isDue(this.servicesAt, SERVICES_EVERY);
    const isForWatchers = watchers.every !== null && this.isDue(this.figuresAt, watchers.every);
    const memory = isForCore || isForWatchers ? this.measure(isForCore) : null;
    if (watchers.every !== null) windows.watched();
    if (isRunning && this.isDue(this.hostAt, HOST_EVERY)) this.tellIfNear(memory ?? host.sample());
    if (this.isDue(this.engineAt, watchers.every === null ? ENGINE_EVERY.alone : ENGINE_EVERY.watched)) void this.askEngine();
  }

  /** At the tick that is nearest: a timer is early or late. */
  private isDue(last: Ms, every: Ms): boolean {
    return this.options.clock.now() - last >= every - (this.timer?.every ?? 0) / 2;
  }

  /** All figures. `forCore`: decisions rest on them; else they are for those who look. Returns the host's memory, which was looked at too. */
  private measure(forCore: boolean): Memory {
    const { clock, history, watchers } = this.options;
    this.figuresAt = clock.now();
    if (forCore) this.unread.clear();
    const { samples, memory } = this.figures();
    if (forCore) {
      this.servicesAt = this.figuresAt;
      history.add(samples);
      this.tell(samples, memory);
      for (const listener of this.listeners) listener();
    }
    watchers.poke();
    return memory;
  }

  private figures(): { readonly samples: readonly ServiceSample[]; readonly memory: Memory } {
    const { figures, host } = this.options;
    const isDetailed = this.isDetailed;
    const memory = host.sample();
    const samples = this.running().flatMap(([id, entry]) => {
      const sample = entry.container !== null && this.unread.has(entry.container) ? null : this.sample(id, entry, isDetailed);
      return sample && entry.container !== null ? [this.kept(id, entry.container, sample)] : [];
    });
    if (isDetailed) figures.look(memory);
    return { samples, memory };
  }

  private tell(services: readonly ServiceSample[], memory: Memory): void {
    this.options.post({ kind: 'sampled', ...this.seen(services, memory) });
  }

  private seen(services: readonly ServiceSample[], memory: Memory): Omit<UsageSeen, 'uses'> {
    this.hostAt = this.options.clock.now();
    return { services, host: { at: this.hostAt, ...memory } };
  }

  /** What is told of the host between the figures of services: nothing when all is well. */
  private tellIfNear(memory: Memory): void {
    this.hostAt = this.options.clock.now();
    const isNear = memory.available < NEAR.available * memory.total || (memory.psi?.some10 ?? 0) > NEAR.some10;
    if (isNear || this.options.world().host.pressure.level !== 'none') this.tell([], memory);
  }

  private running(): [ServiceId, ServiceEntry][] {
    return [...this.options.world().services].filter(([, entry]) => entry.state.kind === 'running');
  }

  private sample(id: ServiceId, { container, address }: ServiceEntry, detailed: boolean): ContainerSample | null {
    if (container === null || address?.pid == null) return null;
    this.known.set(id, container);
    const seen = this.options.usage.sample(container, address.pid, detailed);
    if (seen === null) this.unread.add(container);
    return seen;
  }

  private kept(id: ServiceId, container: string, sample: ContainerSample): ServiceSample {
    this.known.set(id, container);
    this.options.figures.keep(id, container, sample);
    const checks = this.checks.spent(container, this.options.clock.now(), sample.cpu);
    return { id, container, workingSet: sample.workingSet, cpu: sample.cpu, ...(checks === undefined ? {} : { checks }) };
  }

  private forget(id: ServiceId, container: string): void {
    this.known.delete(id);
    this.unread.delete(container);
    this.pace.forget(container);
    this.checks.forget(container);
    this.options.usage.forget(container);
    this.options.figures.drop(id);
  }

  /** Those whose cgroup files are on another machine. */
  private elsewhere(): [ServiceId, string, ServiceEntry][] {
    return this.running().flatMap(([id, entry]) => {
      const { container, address } = entry;
      return container !== null && (address?.pid == null || this.unread.has(container)) ? [[id, container, entry]] : [];
    });
  }

  /** Of those elsewhere; the timer's next round is as far away if none of them is due. */
  private async askEngine(): Promise<void> {
    const { clock, containers, figures, history, host, watchers } = this.options;
    const elsewhere = this.elsewhere();
    if (elsewhere.length === 0 || this.isAsking) return;
    const at = clock.now();
    this.engineAt = at;
    const due = elsewhere.filter(([, container, entry]) => this.pace.isDue(container, entry, at));
    if (due.length === 0) return;
    this.isAsking = true;
    // One that gives no answer, or is gone, is left out.
    const answers = await Promise.all(
      due.map(async ([id, container]) => ({ id, container, sample: await containers.stats(container).catch(() => null) })),
    );
    this.isAsking = false;
    const running = new Map(this.running().map(([id, { container }]) => [id, container]));
    const samples = answers.flatMap(({ id, container, sample }) => {
      if (!sample || running.get(id) !== container) return [];
      const before = figures.usage(id);
      const kept = this.kept(id, container, sample);
      this.pace.answered(container, at, before, figures.usage(id));
      return [kept];
    });
    history.add(samples);
    const memory = host.sample();
    if (this.isDetailed) figures.look(memory);
    this.tell(samples, memory);
    watchers.poke();
  }
}

/** Pressure that stopped the last one has to be seen to end: till then nobody is let in. */
function isBusy(world: World): boolean {
  if (world.host.pressure.level !== 'none') return true;
  for (const { state } of world.services.values()) if (state.kind === 'running') return true;
  return false;
}
