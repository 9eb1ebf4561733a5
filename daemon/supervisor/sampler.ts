import type { Bytes } from '../core/bytes.js';
import type { Event, ServiceSample } from '../core/event.js';
import type { HostSample } from '../core/host-sample.js';
import type { Ms, ServiceId } from '../core/model.js';
import type { ServiceEntry, World } from '../core/world.js';
import type { Clock, Containers, History, HostMemory, Log, Usage } from '../ports.js';

/** The host is looked at each second while anything runs; services, and what is told of the host when all is well, less often. */
const HOST_EVERY: Ms = 1_000;
const SERVICES_EVERY: Ms = 5_000;
/** The engine takes a second for an answer, so it is asked less often where cgroup files cannot be read. */
const ENGINE_EVERY: Ms = 15_000;
/** From here on every look at the host is told: the windows of the pressure rules are seconds. */
const NEAR = { available: 0.15, some10: 5 };

export interface SamplerOptions {
  readonly usage: Usage;
  /** Is given all samples of services. */
  readonly history: History;
  readonly host: HostMemory;
  readonly containers: Containers;
  readonly clock: Clock;
  readonly log: Log;
  readonly world: () => World;
  readonly post: (event: Event) => void;
  /** Called when all figures were taken. */
  readonly onFigures: () => void;
}

/** Measures what runs, and the host with it. While nothing runs there is no timer: at rest the daemon works on events. */
export class Sampler {
  private timer: NodeJS.Timeout | null = null;
  private servicesAt: Ms = Number.NEGATIVE_INFINITY;
  private engineAt: Ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SamplerOptions) {}

  /** The world has changed: begins with the first service that runs, and ends with the last. */
  look(world: World): void {
    // Pressure that stopped the last one has to be seen to end: till then nobody is let in.
    const runs = world.host.pressure.level !== 'none' || [...world.services.values()].some(entry => entry.state.kind === 'running');
    if (runs && this.timer === null) this.timer = setInterval(() => this.tick(), HOST_EVERY);
    else if (!runs) this.close();
  }

  /** All figures, now: before a decision that rests on them. */
  now(): void {
    this.servicesAt = this.options.clock.now();
    const samples = this.running().flatMap(([id, entry]) => this.sample(id, entry) ?? []);
    this.tell(samples);
    this.options.onFigures();
  }

  workingSet(id: ServiceId): Bytes | null {
    const entry = this.options.world().services.get(id);
    return entry ? (this.sample(id, entry)?.workingSet ?? null) : null;
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private tick(): void {
    const { clock, world, post } = this.options;
    if (clock.now() - this.servicesAt >= SERVICES_EVERY) {
      this.now();
      void this.askEngine();
      return;
    }
    const host = this.host();
    const isNear = host.available < NEAR.available * host.total || (host.psi?.some10 ?? 0) > NEAR.some10;
    if (isNear || world().host.pressure.level !== 'none') post({ kind: 'sampled', services: [], host });
  }

  private tell(services: readonly ServiceSample[]): void {
    this.options.history.add(services);
    this.options.post({ kind: 'sampled', services, host: this.host() });
  }

  private host(): HostSample {
    return { at: this.options.clock.now(), ...this.options.host.sample() };
  }

  private running(): [ServiceId, ServiceEntry][] {
    return [...this.options.world().services].filter(([, entry]) => entry.state.kind === 'running');
  }

  private sample(id: ServiceId, { container, address }: ServiceEntry): ServiceSample | null {
    if (container === null || address?.pid == null) return null;
    const seen = this.options.usage.sample(container, address.pid);
    return seen ? { id, container, workingSet: seen.workingSet, cpu: seen.cpu } : null;
  }

  /** Of those whose cgroup files are on another machine. */
  private async askEngine(): Promise<void> {
    const { clock, containers, log } = this.options;
    const unread = this.running().filter(([id, entry]) => entry.container !== null && this.sample(id, entry) === null);
    if (unread.length === 0 || clock.now() - this.engineAt < ENGINE_EVERY) return;
    this.engineAt = clock.now();
    const samples = await Promise.all(
      unread.map(async ([id, { container }]) => {
        const seen = container === null ? null : await containers.stats(container).catch(() => null);
        return seen && container !== null ? [{ id, container, workingSet: seen.workingSet, cpu: seen.cpu }] : [];
      }),
    ).catch(error => {
      log.debug({ err: error }, 'the engine gave no figures');
      return [];
    });
    this.tell(samples.flat());
  }
}
