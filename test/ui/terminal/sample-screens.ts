import type { Live, LiveService, LiveUsage, StreamFrame } from '../../../daemon/api/live.js';
import type { HistorySpan } from '../../../daemon/api/live-history.js';
import type { LoggedNotice } from '../../../daemon/api/notice.js';
import { liveBudget } from '../../../daemon/scheduler/views/live-view.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';
import { LIVE } from '../../scheduler/live.js';

/** A quarter to three in the afternoon, wherever the tests run. */
export const NOW = new Date(2026, 0, 15, 14, 45, 0).getTime();

const USAGE: LiveUsage = {
  workingSet: 0,
  usage: null,
  cpu: 0.4,
  netIn: 0,
  netOut: 0,
  blockIn: 0,
  blockOut: 0,
  pids: 8,
  psi: { some10: 0, full10: 0 },
};

/** A running service; memory in MB: what it uses, standard, grant, maximum. */
export function service(
  name: string,
  [used, standard, grant, maximum]: readonly [number | null, number, number, number],
  more: Partial<LiveService> & { readonly uses?: Partial<LiveUsage> } = {},
): LiveService {
  const { uses, ...rest } = more;
  const project = rest.project ?? 'shop';
  const usage = used === null ? null : { ...USAGE, workingSet: used * MiB, usage: (used + 40) * MiB, ...uses };
  return {
    id: `${project}/${name}`,
    project,
    name,
    profile: 'typescript',
    runtime: null,
    state: 'running',
    health: 'healthy',
    ready: 'probed',
    enginePorts: [],
    speaks: [],
    ports: [],
    memory: { standard: standard * MiB, grant: grant * MiB, maximum: maximum * MiB, workingSet: used === null ? null : used * MiB },
    stopsIn: null,
    why: 'part of profile typescript',
    container: used === null ? null : `c-${name}`,
    dependsOn: [],
    loading: null,
    crashes: 0,
    ooms: 0,
    usage,
    connections: 0,
    next: null,
    protectedBy: null,
    pinned: false,
    since: used === null ? null : NOW - 2 * 3_600_000,
    address: null,
    ...rest,
  };
}

const port = (host: number, container = host) => ({ hostIp: '127.0.0.1', host, container, protocol: 'tcp' as const });

/** Eight services, each in another state. */
export const EIGHT: readonly LiveService[] = [
  service('api', [297, 256, 512, 512], {
    ports: [port(8080)],
    dependsOn: ['postgres', 'redis'],
    connections: 3,
    stopsIn: 252_000,
    next: { rank: 3, frees: 512 * MiB },
    address: '172.18.0.3',
    uses: { cpu: 12.3, netIn: 48_000, netOut: 312_000, pids: 23, psi: { some10: 1.4, full10: 0.2 } },
  }),
  service('postgres', [184, 256, 256, 512], {
    ports: [port(5432)],
    connections: 5,
    why: 'needed by api, worker; held awake: an exchange or a transaction is under way',
    protectedBy: 'an exchange or a transaction is under way',
    uses: { cpu: 3.1, blockOut: 820_000, pids: 12 },
  }),
  service('redis', [9.4, 64, 64, 128], {
    ports: [port(6379)],
    stopsIn: 42_000,
    next: { rank: 1, frees: 64 * MiB },
    why: 'woken on demand',
  }),
  service('worker', [null, 128, 256, 256], {
    state: 'starting',
    health: 'starting',
    why: 'starting for 2.4 s',
    protectedBy: 'is being started',
    dependsOn: ['postgres'],
  }),
  service('search', [612, 640, 1024, 2048], {
    state: 'frozen',
    health: 'none',
    ports: [port(9200)],
    stopsIn: 1_130_000,
    next: { rank: 2, frees: 1024 * MiB },
    why: 'paused while idle; a connection resumes it',
    uses: { cpu: 0 },
  }),
  service('mail', [null, 64, 0, 128], {
    state: 'asleep',
    health: 'none',
    ports: [port(1025), port(8025)],
    why: 'asleep: a connection wakes it',
  }),
  service('billing', [null, 256, 0, 384], {
    state: 'failed',
    health: 'none',
    ports: [port(8090)],
    why: 'exited with 3. That was crash 5 in 10 minutes; it is not tried again by itself.',
    crashes: 5,
    dependsOn: ['postgres'],
  }),
  service('ollama', [1490, 1024, 1536, 4096], {
    ports: [port(11434)],
    pinned: true,
    protectedBy: 'pinned for 1 h 12 m more',
    why: 'asked for by name; held awake: pinned for 1 h 12 m more; 1 OOM kills',
    ooms: 1,
    uses: { cpu: 187 },
  }),
];

export function notice(seq: number, secondsAgo: number, name: string | null, kind: LoggedNotice['kind'], text: string): LoggedNotice {
  const level = kind === 'failed' || kind === 'oom' ? 'error' : kind === 'crashed' ? 'warn' : 'info';
  return { seq, at: NOW - secondsAgo * 1000, project: 'shop', service: name, kind, data: {}, text, level } as LoggedNotice;
}

export const NOTICES: readonly LoggedNotice[] = [
  notice(1, 7_300, null, 'planned', 'up typescript: 5 services start'),
  notice(2, 7_200, 'postgres', 'ready', 'is ready after 2.9 s'),
  notice(3, 7_190, 'api', 'ready', 'is ready after 1.2 s'),
  notice(4, 4_000, 'mail', 'stopping', 'falls asleep: unused for 10 m'),
  notice(5, 1_900, 'ollama', 'oom', 'was killed at its limit of 1 GB; starts again with 1.5 GB'),
  notice(6, 900, 'search', 'frozen', 'is paused: unused for 5 m'),
  notice(7, 610, 'billing', 'crashed', 'exited with 3 after 0.8 s; starts again in 8 s'),
  notice(8, 600, 'billing', 'failed', 'exited with 3. That was crash 5 in 10 minutes; it is not tried again by itself.'),
  notice(9, 3, 'worker', 'starting', 'starts with 256 MB'),
];

export function live(services: readonly LiveService[] = EIGHT, more: Partial<Live> = {}): Live {
  const projects = [...new Set(services.map(({ project }) => project))];
  return {
    at: NOW,
    daemon: { version: '0.1.0', pid: 4711, instance: 'i', startedAt: NOW - 86_400_000, rss: 56 * MiB, cpu: 0.3 },
    engine: { kind: 'docker', version: '28.5.1' },
    host: {
      ...LIVE.host,
      total: 12 * GiB,
      available: 2.9 * GiB,
      swapTotal: 4 * GiB,
      swapFree: 3.8 * GiB,
      cpu: 23,
      load: [1.2, 0.9, 0.7],
      psi: { some10: 0.4, full10: 0.1 },
      wsl: true,
    },
    budget: liveBudget(10.2 * GiB, services),
    projects: projects.map(name => ({ name, root: `/home/me/${name}`, profile: 'typescript' })),
    services,
    ...more,
  };
}

/** A minute of what runs: each in a curve of its own, the same each time. */
export function recent(services: readonly LiveService[]): Record<string, HistorySpan> {
  const curve = (at: number, kind: number) =>
    [0.55 + 0.45 * Math.sin(at / 7), at / 60, 1, 1 - at / 120, at % 20 < 4 ? 1 : 0.6][kind % 5] ?? 1;
  return Object.fromEntries(
    services.flatMap(({ id, usage }, kind) => {
      if (!usage) return [];
      const entries = Array.from({ length: 60 }, (_, at) => {
        const workingSet = Math.round(usage.workingSet * curve(at, kind));
        return { at: NOW - 60_000 + at * 1000, workingSet, peak: workingSet, cpu: (usage.cpu ?? 0) * curve(at, kind + 1) };
      });
      return [[id, { slot: 0, entries }]];
    }),
  );
}

export function snapshot(shown: Live = live(), notices: readonly LoggedNotice[] = NOTICES): StreamFrame {
  return { type: 'snapshot', seq: 1, every: 1000, live: shown, notices, recent: recent(shown.services) };
}
