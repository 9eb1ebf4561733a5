import { canSleep } from '../../model/listeners.js';
import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { whyKept } from '../activity/idle.js';
import { committed } from '../memory/committed.js';
import { reportOf } from '../state/memory-report.js';
import { held } from '../state/service-state.js';
import { isWanted, type ServiceEntry, type UsageSample, type World } from '../state/world.js';
import type { MemoryHolder } from './preemption.js';

/** A measurement older than this says nothing about what may be taken away. */
const STALE: Ms = 15_000;

/** The services that hold memory, as preemption judges them. */
export function memoryHoldersOf(world: Pick<World, 'services' | 'projects' | 'leases'>, now: Ms): MemoryHolder[] {
  const holdings: MemoryHolder[] = [];
  for (const [id, entry] of world.services) if (held(entry.state) > 0 && isWanted(entry)) holdings.push(holdingOf(world, id, entry, now));
  return holdings;
}

function holdingOf(world: Pick<World, 'services' | 'projects' | 'leases'>, id: ServiceId, entry: ServiceEntry, now: Ms): MemoryHolder {
  const { spec, state, samples, use } = entry;
  const last = samples.at(-1);
  const isFresh = last !== undefined && now - last.at <= STALE;
  return {
    id,
    priority: spec.priority,
    // Below what it has loaded it would be killed.
    standard: Math.max(spec.memory.standard, reportOf(entry)?.holds ?? 0),
    // What a shrink under way gives back is promised to another service already.
    grant: committed(entry),
    workingSet: isFresh ? last.workingSet : null,
    peak: isFresh ? peakOf(samples) : null,
    lastUseAt: use.lastAt,
    since: state.kind === 'running' ? state.since : now,
    idle: spec.idle,
    frozen: state.kind === 'running' && state.frozen,
    shrinkable: state.kind === 'running' && state.resizing === null && now >= entry.shrinkFrom && isFresh,
    protectedBy: whyProtected(world, entry, now),
  };
}

export function peakOf(samples: readonly UsageSample[]): Bytes {
  return samples.reduce((most, { workingSet }) => Math.max(most, workingSet), 0);
}

/** Why it is never stopped for another, nor for the host. */
function whyProtected(world: Pick<World, 'services' | 'projects' | 'leases'>, entry: ServiceEntry, now: Ms): string | null {
  const { spec, state } = entry;
  if (state.kind !== 'running') return state.kind === 'stopping' ? 'stops already' : 'is being started';
  if (!canSleep(spec)) return 'never sleeps: no connection could wake it';
  if (entry.wakeRequest !== null) return 'is wanted just now';
  if (entry.use.moving) return 'is in use just now';
  // It was asked for, made ready or resumed in this very decision: the client that waited for that has to find it running.
  return whyKept(world, entry) ?? (entry.use.lastAt >= now ? 'is wanted just now' : null);
}
