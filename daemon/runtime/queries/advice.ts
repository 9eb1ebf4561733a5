import { advise, DEFAULT_ADVICE } from '../../api/advice.js';
import type { HistorySpan } from '../../api/live-history.js';
import type { AdviceView } from '../../api/views.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock, History } from '../../ports/ports.js';
import type { World } from '../../scheduler/state/world.js';
import type { Ms } from '../../shared/span.js';
import type { RecentUsage } from '../sampling/recent.js';

/** The length of a point that is kept in files. */
const MINUTE: Ms = 60_000;

interface Sources {
  readonly history: History;
  readonly recent: RecentUsage;
  readonly clock: Clock;
}

/** What a service used since a time: in slots of a minute or longer as it is kept for days, in shorter ones (0: none) from the last 15 minutes. */
export async function historyOf({ history, recent, clock }: Sources, id: ServiceId, since: Ms, slot: Ms): Promise<HistorySpan> {
  if (slot < MINUTE) return { slot, entries: recent.entries(id, since, slot, clock.wall()) };
  const points = await history.points(id, since, slot);
  const entries = points.map(({ at, p, peak, cpu }) => ({ at: Math.floor(at / slot) * slot, workingSet: p, peak, cpu }));
  return { slot, entries };
}

/**
 * Advice for the services, or those of one project, by name. One after the other, and in points of as long as one may stand for: 20
 * services that ran for 8 days around the clock took 26 MB of memory in minutes, and take 11 MB so.
 */
export async function adviceOf(world: World, history: History, clock: Clock, project: string | null): Promise<readonly AdviceView[]> {
  const views: AdviceView[] = [];
  for (const [id, { spec }] of world.services) {
    if (project !== null && spec.project !== project) continue;
    const points = await history.points(id, clock.wall() - DEFAULT_ADVICE.window, DEFAULT_ADVICE.longestStand);
    const advice = advise(points, spec.memory, DEFAULT_ADVICE, clock.wall());
    views.push({
      project: spec.project,
      service: spec.name,
      current: { standard: spec.memory.standard, maximum: spec.memory.maximum },
      ...advice,
      needed: DEFAULT_ADVICE.enoughAfter,
    });
  }
  return views.sort((a, b) => a.project.localeCompare(b.project) || a.service.localeCompare(b.service));
}
