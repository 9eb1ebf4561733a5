import type { BudgetView, ServiceView } from '../../api/views.js';
import type { HostMemory } from '../../ports/ports.js';
import type { Policy } from '../../scheduler/policy/policy.js';
import { held } from '../../scheduler/state/service-state.js';
import type { Loop } from '../loop.js';

/** The budget, who holds it, and what the host has. */
export function budgetView(
  { policy, host }: { readonly policy: Policy; readonly host: HostMemory },
  loop: Loop,
  views: readonly ServiceView[],
): BudgetView {
  const holders = views
    .filter(view => view.memory.grant > 0)
    .map(({ project, name, state, memory }) => ({ project, service: name, state, ...memory }))
    .sort((a, b) => b.grant - a.grant);
  const { total, available } = host.read();
  return {
    budget: loop.world.budget ?? policy.budget,
    granted: [...loop.world.services.values()].reduce((sum, entry) => sum + held(entry.state), 0),
    standard: holders.reduce((sum, holder) => sum + holder.standard, 0),
    workingSet: holders.reduce((sum, holder) => sum + (holder.workingSet ?? 0), 0),
    hostTotal: total,
    hostAvailable: available,
    holders,
  };
}
