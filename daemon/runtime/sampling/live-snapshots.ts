import type { EngineInfo } from '../../api/engine-info.js';
import type { Live } from '../../api/live.js';
import type { ServiceView } from '../../api/views.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock } from '../../ports/ports.js';
import type { Policy } from '../../scheduler/policy/policy.js';
import type { UseSeen } from '../../scheduler/state/event.js';
import type { World } from '../../scheduler/state/world.js';
import { type LiveSources, liveBudget, liveServices, withUses } from '../../scheduler/views/live-view.js';
import type { Ms } from '../../shared/span.js';
import type { LatestUsage } from './latest-usage.js';
import type { LatestWindows } from './latest-windows.js';
import type { Sampler } from './sampler.js';

export interface LiveSnapshotsOptions {
  readonly clock: Clock;
  readonly policy: Policy;
  readonly world: () => World;
  readonly figures: LatestUsage;
  readonly windows: Pick<LatestWindows, 'live'>;
  readonly sampler: Pick<Sampler, 'looked'>;
  /** How services are used, as far as that is known without a look at the kernel's counters. */
  readonly uses: () => readonly UseSeen[];
  readonly withNextUp: (world: World, view: ServiceView, wall: Ms) => ServiceView;
  readonly engine: () => EngineInfo | null;
  readonly daemon: Pick<Live['daemon'], 'version' | 'pid' | 'instance' | 'startedAt'>;
}

/** The snapshot that the stream shows: the world, and the figures taken last. Looking decides nothing and posts nothing. */
export class LiveSnapshots {
  /** When each service began to run, by both clocks. */
  private readonly begins = new Map<ServiceId, { readonly moment: Ms; readonly wall: Ms }>();

  constructor(private readonly options: LiveSnapshotsOptions) {}

  live(): Live {
    const { clock, policy, figures, windows, sampler, uses, withNextUp, engine, daemon } = this.options;
    sampler.looked();
    const [now, wall] = [clock.now(), Math.round(clock.wall())];
    const before = this.options.world();
    const world = withUses(before, uses(), now);
    const beside: LiveSources = {
      usage: id => figures.usage(id),
      wallOf: (id, moment) => this.wallOf(id, moment),
      withNextUp: view => withNextUp(before, view, wall),
    };
    const services = liveServices(world, beside, policy, now);
    const seen = engine();
    const { host, own } = figures.host();
    this.clear(world);
    return {
      at: wall,
      daemon: { ...daemon, ...own },
      engine: seen && { kind: seen.kind, version: seen.version },
      host: { ...host, pressure: world.host.pressure.level, ...windows.live() },
      budget: liveBudget(world.budget ?? policy.budget, services),
      projects: [...world.projects.values()].map(({ spec }) => ({ name: spec.name, root: spec.root, profile: spec.profile })),
      services,
    };
  }

  /** Found out once: the two clocks drift, and what has not changed is not told again. */
  private wallOf(id: ServiceId, moment: Ms): Ms {
    const known = this.begins.get(id);
    if (known?.moment === moment) return known.wall;
    const { clock } = this.options;
    const wall = Math.round(clock.wall() - (clock.now() - moment));
    this.begins.set(id, { moment, wall });
    return wall;
  }

  private clear({ services }: World): void {
    if (this.begins.size <= services.size) return;
    for (const id of this.begins.keys()) if (!services.has(id)) this.begins.delete(id);
  }
}
