import type { LiveDaemon, LiveHost, LiveTotals, LiveUsage } from '../../api/live.js';
import type { ContainerSample } from '../../model/container-sample.js';
import type { HostSample } from '../../model/host-sample.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock, HostDetail, HostMemory } from '../../ports/ports.js';
import { type Measured, measuredNext } from '../../scheduler/views/live-usage.js';
import type { Ms } from '../../shared/span.js';
import { RecentUsage } from './recent.js';

type Host = Omit<LiveHost, 'pressure' | 'windows' | 'windowsFault'>;
type Own = Pick<LiveDaemon, 'rss' | 'cpu'>;

/** What host and daemon rates are computed from. */
interface Base {
  readonly at: Ms;
  readonly detail: HostDetail;
  /** CPU time of this process, µs. */
  readonly own: number;
}

/** As between samples of a container (scheduler/views/live-usage). */
const SHORTEST: Ms = 150;
/** A rate over a longer time says nothing about now. */
const LONGEST: Ms = 60_000;

/** The figures taken last, and those of the last 15 minutes. */
export class LatestUsage {
  readonly recent = new RecentUsage();
  private readonly services = new Map<ServiceId, Measured>();
  private seen: { readonly host: Host; readonly own: Own; readonly base: Base } | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly memory: HostMemory,
  ) {}

  usage(id: ServiceId): LiveUsage | null {
    return this.services.get(id)?.usage ?? null;
  }

  /** Counters of all that were measured. */
  totals(): ReadonlyMap<ServiceId, LiveTotals> {
    return new Map([...this.services].map(([id, { base }]) => [id, totalsOf(base.sample)]));
  }

  /** Counts a sample of a service. */
  keep(id: ServiceId, container: string, sample: ContainerSample): void {
    const { now, wall } = { now: this.clock.now(), wall: this.clock.wall() };
    const measured = measuredNext(this.services.get(id) ?? null, container, sample, now);
    this.services.set(id, measured);
    const { workingSet, cpu } = measured.usage;
    this.recent.add(id, { at: Math.round(wall), workingSet, cpu });
  }

  /** It does not run any more. */
  drop(id: ServiceId): void {
    this.services.delete(id);
  }

  /** The host and this process, now. `sample`: where it was taken just now. */
  look(sample: Omit<HostSample, 'at'> = this.memory.sample()): void {
    const base: Base = { at: this.clock.now(), detail: this.memory.detail(), own: ownTime() };
    const before = this.seen;
    const elapsed = before ? base.at - before.base.at : Number.POSITIVE_INFINITY;
    const { total, available, psi } = sample;
    const { swapTotal, swapFree, cores, load, wsl } = base.detail;
    const isRepeat = before !== null && elapsed < SHORTEST;
    const [cpu, own] = isRepeat ? [before.host.cpu, before.own.cpu] : shares(elapsed <= LONGEST ? before?.base : undefined, base);
    this.seen = {
      host: { total, available, swapTotal, swapFree, cores, cpu, load, psi, wsl },
      own: { rss: process.memoryUsage.rss(), cpu: own },
      base: isRepeat ? before.base : base,
    };
  }

  /** Looks, where nobody has yet. */
  host(): { readonly host: Host; readonly own: Own } {
    if (this.seen === null) this.look();
    return this.seen ?? unreachable();
  }
}

/** % of all cores that the host worked, and % of one that this process did; null: seen once only. */
function shares(before: Base | undefined, { at, detail, own }: Base): readonly [number | null, number | null] {
  if (!before) return [null, null];
  const [from, to] = [before.detail.cpu, detail.cpu];
  const host = from && to && to.all > from.all ? percent(to.busy - from.busy, to.all - from.all) : null;
  return [host, percent(own - before.own, (at - before.at) * 1_000)];
}

/** Two digits behind the point: the daemon's own share is small. A counter of the kernel may go back by a tick. */
function percent(part: number, whole: number): number {
  return Math.max(0, Math.round((10_000 * part) / whole) / 100);
}

function totalsOf({ cpu, detail }: ContainerSample): LiveTotals {
  const { netIn, netOut, blockIn, blockOut } = detail ?? { netIn: null, netOut: null, blockIn: null, blockOut: null };
  return { cpu, netIn, netOut, blockIn, blockOut };
}

function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function unreachable(): never {
  throw new Error('unreachable: the host was looked at');
}
