import type { Live, LiveService } from '../../../daemon/api/live.js';
import type { HistoryEntry } from '../../../daemon/api/live-history.js';
import { LIVE } from '../../scheduler/live.js';
import { MB } from '../../server/harness.js';
import { liveService, USAGE } from '../../server/stage.js';

/** When the pictures are from. */
export const AT = 1_760_000_000_000;

function running(name: string, [used, standard, grant, maximum]: readonly number[], extra: Partial<LiveService> = {}): LiveService {
  const memory = { standard: (standard ?? 0) * MB, grant: (grant ?? 0) * MB, maximum: (maximum ?? 0) * MB, workingSet: (used ?? 0) * MB };
  const usage = { ...USAGE, workingSet: memory.workingSet, usage: memory.workingSet + 20 * MB };
  return liveService(name, { memory, usage, since: AT - 600_000, address: '172.18.0.4', ...extra });
}

function idle(name: string, state: LiveService['state'], standard: number, extra: Partial<LiveService> = {}): LiveService {
  const memory = { standard: standard * MB, grant: 0, maximum: standard * 2 * MB, workingSet: null };
  return liveService(name, { state, health: 'none', memory, usage: null, since: null, ...extra });
}

/** Eight services in mixed states. */
export const SERVICES: readonly LiveService[] = [
  running('api', [297, 256, 512, 512], { usage: { ...USAGE, workingSet: 297 * MB, usage: 340 * MB, cpu: 12.4 }, connections: 3, why: 'part of profile minimal; needed by web', protectedBy: 'it has open connections', ports: [{ hostIp: '127.0.0.1', host: 3000, container: 3000, protocol: 'tcp' }], dependsOn: ['postgres', 'redis'] }),
  running('postgres', [410, 256, 512, 768], { stopsIn: 252_000, next: { rank: 1, frees: 512 * MB }, why: 'woken on demand', ports: [{ hostIp: '127.0.0.1', host: 5432, container: 5432, protocol: 'tcp' }] }),
  running('redis', [38, 64, 64, 128], { connections: 1, pinned: true, protectedBy: 'pinned', why: 'woken on demand; held awake: pin' }),
  running('worker', [490, 384, 512, 512], { health: 'unhealthy', next: { rank: 2, frees: 512 * MB }, usage: { ...USAGE, workingSet: 490 * MB, cpu: 97 }, why: 'part of profile minimal; crashed 2 ×', crashes: 2, ooms: 1 }),
  running('search', [300, 512, 512, 1024], { state: 'starting', health: 'starting', why: 'starts since 2.4 s' }),
  idle('mailpit', 'asleep', 64, { why: 'asleep: a connection wakes it' }),
  idle('docs', 'stopped', 128, { why: 'starts only when it is named' }),
  idle('llm', 'failed', 1024, { why: 'exited with 137 five times within 10 m; it is not tried again by itself', crashes: 5 }),
]; // biome-ignore format: a table

export const PICTURE: Pick<Live, 'at' | 'host' | 'budget' | 'engine' | 'projects'> = {
  at: AT,
  engine: { kind: 'docker', version: '27.3.1' },
  host: {
    ...LIVE.host,
    total: 12_288 * MB,
    available: 3_100 * MB,
    swapTotal: 3_072 * MB,
    swapFree: 2_900 * MB,
    cpu: 23.4,
    wsl: true,
    windows: {
      at: AT,
      total: 24_200 * MB,
      free: 3_174 * MB,
      machines: [
        { name: 'vmmemWSL', memory: 10_650 * MB, since: null },
        { name: 'vmmemwslc-cli-me', memory: 920 * MB, since: null },
      ],
    },
  },
  budget: { budget: 4_096 * MB, granted: 2_112 * MB, standard: 1_472 * MB, workingSet: 1_535 * MB },
  projects: [{ name: 'shop', root: '/home/me/shop', profile: 'minimal' }],
};

/** A wave: something to see in charts. `step`: ms. */
export function wave(now: number, back: number, step: number, top: number): readonly HistoryEntry[] {
  return Array.from({ length: Math.floor(back / step) }, (_, index) => {
    const workingSet = Math.round(top * (0.8 + 0.15 * Math.sin(index / 7) + 0.05 * Math.sin(index * 1.7)));
    return { at: now - back + index * step, workingSet, peak: workingSet, cpu: 10 + 8 * Math.sin(index / 5) };
  });
}
