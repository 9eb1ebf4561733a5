import type { Live, LiveDelta, LiveService } from '../../api/live.js';

/** Fields of a service that move all the time: they wait for the client's next turn. */
const FIGURES: ReadonlySet<string> = new Set([
  'id',
  'usage',
  'memory',
  'stopsIn',
  'why',
  'connections',
  'next',
] satisfies (keyof LiveService)[]);

/** Whether a delta has more than figures, so that nobody should have to wait for it: a state, a grant, the engine, pressure. */
export function isNews(before: Live, delta: LiveDelta): boolean {
  const { engine, projects, removed, host, budget, services = [] } = delta;
  if (engine !== undefined || projects !== undefined || removed !== undefined) return true;
  if (host !== undefined && host.pressure !== before.host.pressure) return true;
  if (budget !== undefined && (budget.budget !== before.budget.budget || budget.granted !== before.budget.granted)) return true;
  return services.some(change => {
    if (Object.keys(change).some(key => !FIGURES.has(key))) return true;
    if (change.memory === undefined) return false;
    return change.memory.grant !== before.services.find(({ id }) => id === change.id)?.memory.grant;
  });
}
