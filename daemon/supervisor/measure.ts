import type { ServiceView } from '../core/views.js';
import type { Containers, Usage } from '../ports.js';

/** Adds what only the engine and the kernel know of running services: their ports and working sets. One inspect each. */
export async function measured(views: readonly ServiceView[], containers: Containers, usage: Usage): Promise<ServiceView[]> {
  return Promise.all(views.map(view => measure(view, containers, usage)));
}

async function measure(view: ServiceView, containers: Containers, usage: Usage): Promise<ServiceView> {
  if (view.container === null || view.memory.grant === 0) return view;
  const seen = await containers.inspect(view.container).catch(() => null);
  if (!seen || seen.pid === null) return view;
  const workingSet = await usage.workingSet(seen.id, seen.pid);
  const ports = seen.ports.length > 0 ? seen.ports : view.ports;
  return { ...view, ports, memory: { ...view.memory, workingSet } };
}
