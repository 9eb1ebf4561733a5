import type { Ms } from '../../shared/span.js';
import { createOomMemory, machineOomKills, oomKills } from './oom-counter.js';

/** How often the kernel's counters are read, in ms: 0.05 ms of CPU a container. */
const LOOK_EVERY = 1000;

interface Watched {
  readonly pid: number;
  kills: number;
  /** When the last OOM of this run was reported; ms since the epoch. */
  reportedAt: Ms;
}

/** Finds the OOM kills that Podman has no events for. */
export interface OomWatch {
  /** A new run is counted from 0: a kill in its first milliseconds is to be reported too. What happened before an adoption is not news. */
  add(id: string, pid: number, run: 'new' | 'adopted'): void;
  remove(id: string): void;
  /** Whether this end is an OOM that has not been reported yet. `marked`: Podman's own mark, missing when the end came within milliseconds. */
  diedOfIt(id: string, at: Ms, marked: () => Promise<boolean>): Promise<boolean>;
  close(): void;
}

export function createOomWatch(report: (id: string) => void): OomWatch {
  const watched = new Map<string, Watched>();
  /** Kills of this machine that belong to a container that is known. */
  let explained = 0;
  const machine = createOomMemory(() => machineOomKills() - explained);
  const count = (): void => {
    for (const [id, each] of watched) {
      const kills = oomKills(id, each.pid);
      if (kills === null || kills <= each.kills) continue;
      explained += kills - each.kills;
      each.kills = kills;
      each.reportedAt = Date.now();
      report(id);
    }
  };
  const round = (): void => {
    count();
    machine.sample(Date.now());
  };
  round();
  const timer = setInterval(round, LOOK_EVERY).unref();
  return {
    add: (id, pid, run) => void watched.set(id, { pid, kills: run === 'new' ? 0 : (oomKills(id, pid) ?? 0), reportedAt: 0 }),
    remove: id => void watched.delete(id),
    diedOfIt: async (id, at, marked) => {
      const reported = at - (watched.get(id)?.reportedAt ?? 0) < 2 * LOOK_EVERY;
      watched.delete(id);
      count();
      if (reported || !(machine.roseBefore(at) || (await marked()))) return false;
      explained += 1;
      return true;
    },
    close: () => clearInterval(timer),
  };
}
