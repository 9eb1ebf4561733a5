import type { ServiceView } from '../../api/views.js';
import { serviceId } from '../../model/spec.js';
import type { Usage } from '../../ports/ports.js';
import { isActive } from '../../scheduler/state/service-state.js';
import type { World } from '../../scheduler/state/world.js';

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
