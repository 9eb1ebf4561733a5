import { cpus, loadavg } from 'node:os';
import { leaseWords } from '../core/leases.js';
import type { Live, LiveService } from '../core/live.js';
import type { ServiceView } from '../core/views.js';
import { idOf, type World } from '../core/world.js';
import type { Clock, EngineInfo, HostMemory } from '../ports.js';

interface Sources {
  readonly world: World;
  readonly views: readonly ServiceView[];
  readonly engine: EngineInfo | null;
  readonly host: HostMemory;
  readonly clock: Clock;
  readonly budget: number;
  readonly daemon: Pick<Live['daemon'], 'version' | 'pid' | 'instance' | 'startedAt'>;
}

/** The picture that the stream shows, from what the world knows. */
export function liveOf({ world, views, engine, host, clock, budget, daemon }: Sources): Live {
  const services = views.map(view => serviceOf(world, view, clock));
  const sample = host.sample();
  const holders = services.filter(({ memory }) => memory.grant > 0);
  const sum = (of: (service: LiveService) => number) => holders.reduce((total, service) => total + of(service), 0);
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    at: clock.wall(),
    daemon: { ...daemon, rss: process.memoryUsage.rss(), cpu: null },
    engine: engine && { kind: engine.kind, version: engine.version },
    host: {
      total: sample.total,
      available: sample.available,
      swapTotal: 0,
      swapFree: 0,
      cores: cpus().length,
      cpu: null,
      load: [one, five, fifteen],
      psi: sample.psi,
      pressure: world.host.pressure.level,
      wsl: false,
    },
    budget: {
      budget,
      granted: sum(({ memory }) => memory.grant),
      standard: sum(({ memory }) => memory.standard),
      workingSet: sum(({ usage }) => usage?.workingSet ?? 0),
    },
    projects: [...world.projects.values()].map(({ spec }) => ({ name: spec.name, root: spec.root, profile: spec.profile })),
    services,
  };
}

function serviceOf(world: World, view: ServiceView, clock: Clock): LiveService {
  const entry = [...world.services.values()].find(({ spec }) => spec.project === view.project && spec.name === view.name);
  const last = entry?.samples.at(-1);
  const state = entry?.state;
  return {
    ...view,
    memory: { ...view.memory, workingSet: last?.workingSet ?? null },
    id: entry ? idOf(entry.spec) : `${view.project}/${view.name}`,
    usage: last
      ? {
          workingSet: last.workingSet,
          usage: null,
          cpu: null,
          netIn: null,
          netOut: null,
          blockIn: null,
          blockOut: null,
          pids: null,
          psi: null,
        }
      : null,
    connections: entry?.use.connections ?? 0,
    next: null,
    protectedBy: null,
    pinned: entry ? leaseWords(world, idOf(entry.spec), clock.now()) !== null : false,
    since: state?.kind === 'running' ? clock.wall() - (clock.now() - state.since) : null,
    address: null,
  };
}
