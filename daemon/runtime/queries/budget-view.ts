import type { BudgetView, ServiceView } from '../../api/views.js';
import { serviceId } from '../../model/spec.js';
import type { HostMemory, Usage } from '../../ports/ports.js';
import { budgetFor, type Policy } from '../../scheduler/policy/policy.js';
import { held, isActive } from '../../scheduler/state/service-state.js';
import type { World } from '../../scheduler/state/world.js';
import { type Bytes, formatBytes, MiB } from '../../shared/bytes.js';
import { type Failure, failure } from '../../shared/failure.js';
import type { Loop } from '../loop.js';

/** The least of the built-in services needs 128 MB: a budget below this runs nothing. */
const LEAST: Bytes = 64 * MiB;

/** Why this cannot be the budget of this machine; null: it can. */
export function budgetBeyond(
  bytes: Bytes | null,
  { host, budgetFixed }: { readonly host: HostMemory; readonly budgetFixed: boolean },
): Failure | null {
  if (budgetFixed) {
    const remedies = ['Start the daemon without LAPTOP_DEV_BUDGET, or with another one: laptop-dev daemon stop'];
    return failure('config-invalid', 'The daemon was started with LAPTOP_DEV_BUDGET, which has precedence.', {}, remedies);
  }
  if (bytes === null) return null;
  const { total } = host.read();
  const most = budgetFor(total, null);
  if (bytes < LEAST)
    return failure('config-invalid', `${formatBytes(bytes)} are too little: at least ${formatBytes(LEAST)}.`, { bytes, least: LEAST });
  if (bytes <= most) return null;
  return failure(
    'config-invalid',
    `${formatBytes(bytes)} are more than this machine can give: ${formatBytes(most)} of its ${formatBytes(total)}.`,
    { bytes, most, total },
    [`laptop-dev budget set ${Math.floor(most / MiB)}MB is the most`],
  );
}

/** The budget, what holds it, and what the host has. */
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

/**
 * Adds what only the kernel knows of running services, their working sets. The engine is not asked: what clients see does not wait for one that hangs.
 */
export async function measured(views: readonly ServiceView[], world: World, usage: Usage): Promise<ServiceView[]> {
  return Promise.all(views.map(view => measure(view, world, usage)));
}

async function measure(view: ServiceView, world: World, usage: Usage): Promise<ServiceView> {
  const entry = world.services.get(serviceId(view.project, view.name));
  if (!entry || view.container === null || entry.address?.pid == null || !isActive(entry.state)) return view;
  const { pid } = entry.address;
  const workingSet = await usage.workingSet(view.container, pid);
  return { ...view, memory: { ...view.memory, workingSet } };
}
