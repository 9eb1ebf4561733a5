import type { Plan } from '../../api/plan.js';
import { formatBytes } from '../../shared/bytes.js';

/** The plan of an action as text, for --dry-run and --no-wait. */
export function renderPlan(plan: Plan, tense: 'would' | 'will'): string[] {
  const again = plan.starts.filter(start => start.recreate).map(start => start.id);
  const lines = [
    ...plan.stops.map(id => `  stop   ${id}`),
    ...plan.evicts.map(id => `  sleep  ${id}, to make room; a connection wakes it`),
    ...plan.shrinks.map(({ id, to }) => `  shrink ${id} to ${formatBytes(to)}, to make room`),
    ...plan.starts.map(
      ({ id, grant, standard }) =>
        `  start  ${id}, limit ${formatBytes(grant)} (standard ${formatBytes(standard)})${again.includes(id) ? ', recreated' : ''}`,
    ),
    ...plan.keeps.map(id => `  keep   ${id}`),
    ...plan.sleeps.map(id => `  listen ${id}: asleep until a client connects`),
  ];
  const after = `Granted: ${formatBytes(plan.grantedBefore)} before, ${formatBytes(plan.grantedAfter)} after, of ${formatBytes(plan.budget)}.`;
  return lines.length === 0
    ? [tense === 'would' ? 'Nothing would be done.' : 'Nothing is to be done.']
    : [`This ${tense}:`, ...lines, after];
}
