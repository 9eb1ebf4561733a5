import { oomKills } from '../../../daemon/engine/podman/oom-counter.js';
import { LABEL } from '../../../daemon/model/labels.js';
import { inspect } from './engine.js';
import type { Home } from './home.js';

/**
 * How often the kernel has killed a process at its limit, by service: in the present run of what runs, from its cgroup (v1 or v2); of what
 * has ended, whether its end was one.
 */
export async function oomKillsIn(own: Home): Promise<Record<string, number>> {
  const found = await Promise.all((await own.containers()).map(async ({ Id, Labels }) => [Labels[LABEL.service] ?? Id, await killsOf(Id)]));
  return Object.fromEntries(found);
}

async function killsOf(id: string): Promise<number> {
  const { State } = await inspect(id);
  const kills = State.Running ? oomKills(id, State.Pid) : Number(State.OOMKilled);
  if (kills !== null) return kills;
  // It may have ended while it was looked at.
  const after = (await inspect(id)).State;
  if (after.Running) throw new Error(`the cgroup of ${id} cannot be read`);
  return Number(after.OOMKilled);
}
