import type { ContainerSample, ServiceSample } from '../../../daemon/model/container-sample.js';
import type { Containers, History, HostDetail, HostMemory, Log, Usage } from '../../../daemon/ports/ports.js';
import type { WindowsMemory } from '../../../daemon/ports/windows-memory.js';
import { LatestUsage } from '../../../daemon/runtime/sampling/latest-usage.js';
import { LatestWindows } from '../../../daemon/runtime/sampling/latest-windows.js';
import { Sampler } from '../../../daemon/runtime/sampling/sampler.js';
import { Watchers } from '../../../daemon/runtime/watchers.js';
import { NO_PRESSURE } from '../../../daemon/scheduler/eviction/pressure.js';
import type { Event } from '../../../daemon/scheduler/state/event.js';
import { EMPTY_WORLD, idOf, type ServiceEntry, type World } from '../../../daemon/scheduler/state/world.js';
import { running } from '../../scheduler/support/running.js';

const MB = 1024 * 1024;
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export function sampleOf(workingSet: number, cpu: number, more: Partial<ContainerSample> = {}): ContainerSample {
  return { workingSet, usage: 2 * workingSet, limit: 64 * MB, cpu, oomKills: 0, detail: null, takenAt: null, ...more };
}

export const DETAIL = { pids: 3, netIn: 1_000, netOut: 100, blockIn: 10, blockOut: 20, psi: null };

/** A service `p/NAME` that runs as container `c-NAME`. */
export function runningAs(name: string, pid = 7): ServiceEntry {
  const entry = running({ spec: { name }, container: `c-${name}` });
  return { ...entry, address: { ip: null, ports: [], pid } };
}

/** Fake timers move `time`; call inside vi.useFakeTimers(). */
export class Rig {
  readonly time = { now: 0, wall: 1_700_000_000_000 };
  world: World = EMPTY_WORLD;
  memory = { total: 1_000 * MB, available: 900 * MB };
  /** Those of which files can be read: by container, MB. */
  readonly files = new Map<string, number>();
  readonly posted: Extract<Event, { kind: 'sampled' }>[] = [];
  readonly kept: (readonly ServiceSample[])[] = [];
  /** `container detailed`, as files were read. */
  readonly reads: string[] = [];
  readonly asked: { readonly container: string; readonly at: number }[] = [];
  readonly forgotten: string[] = [];
  stats: Containers['stats'] = () => Promise.resolve(null);
  readonly watchers = new Watchers();
  readonly clock = { now: () => this.time.now, wall: () => this.time.wall + this.time.now };
  readonly host: HostMemory = {
    read: () => this.memory,
    sample: () => ({ ...this.memory, psi: null, swapIn: null, refaults: null }),
    detail: (): HostDetail => ({
      swapTotal: 4 * MB,
      swapFree: MB,
      cores: 4,
      cpu: { busy: this.time.now, all: this.time.now * 4 },
      load: [1, 2, 3],
      wsl: true,
    }),
  };
  readonly figures = new LatestUsage(this.clock, this.host);
  isWsl = true;
  askWindows: WindowsMemory = async () => null;
  /** What was logged of Windows. */
  readonly faults: object[] = [];
  /** When there was something new of Windows. */
  readonly told: number[] = [];
  readonly windows = new LatestWindows({
    ask: () => this.askWindows(),
    isWsl: () => this.isWsl,
    clock: this.clock,
    log: { ...silent, info: fields => void this.faults.push(fields) },
    changed: () => void this.told.push(this.time.now),
  });
  private readonly usage: Usage = {
    workingSet: () => Promise.resolve(null),
    sample: (container, _pid, detailed = false) => {
      this.reads.push(`${container} ${detailed}`);
      const used = this.files.get(container);
      return used === undefined ? null : sampleOf(used * MB, this.time.now * 5e5, { detail: detailed ? DETAIL : null });
    },
    forget: container => void this.forgotten.push(container),
  };
  readonly sampler = new Sampler({
    usage: this.usage,
    history: { add: samples => void this.kept.push(samples), points: async () => [], close: () => {} } satisfies History,
    host: this.host,
    containers: {
      stats: container => {
        this.asked.push({ container, at: this.time.now });
        return this.stats(container);
      },
    } as Containers,
    clock: this.clock,
    log: silent,
    figures: this.figures,
    windows: this.windows,
    watchers: this.watchers,
    world: () => this.world,
    post: event => {
      if (event.kind === 'sampled') this.posted.push(event);
    },
  });

  /** What there is of services from now on. */
  set(...entries: readonly ServiceEntry[]): this {
    const services = new Map(entries.map(entry => [idOf(entry.spec), entry]));
    this.world = { ...this.world, services, forgotten: this.world.forgotten + 1 };
    this.sampler.update(this.world);
    return this;
  }

  underPressure(level: 'soft' | 'none'): this {
    this.world = { ...this.world, host: { ...this.world.host, pressure: { ...NO_PRESSURE, level } } };
    this.sampler.update(this.world);
    return this;
  }

  watch(every: number, changed: () => void = () => {}): () => void {
    const end = this.watchers.add(every, changed);
    this.sampler.watched();
    return () => {
      end();
      this.sampler.watched();
    };
  }

  /** When something was told to the core, ms, with how many services. */
  reported(): [number, number][] {
    return this.posted.map(({ host, services }) => [host.at, services.length]);
  }
}
