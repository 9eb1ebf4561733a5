import { type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import type { World } from '../state/world.js';

const NOBODY: readonly ServiceId[] = [];

/** By name: those of a list that depend on it. Lists are never changed in place, and this is asked of each service in each decision. */
const indexes = new WeakMap<readonly ServiceSpec[], ReadonlyMap<string, readonly ServiceId[]>>();

function indexOf(services: readonly ServiceSpec[]): ReadonlyMap<string, readonly ServiceId[]> {
  const known = indexes.get(services);
  if (known) return known;
  const index = new Map<string, ServiceId[]>();
  for (const { project, name, dependsOn } of services) {
    for (const { service } of dependsOn) {
      const dependants = index.get(service) ?? [];
      index.set(service, dependants);
      dependants.push(serviceId(project, name));
    }
  }
  indexes.set(services, index);
  return index;
}

/** The services whose present definition depends on this one; nothing is made for the answer. */
export function activeDependantsOf(
  world: Pick<World, 'projects'>,
  { project, name }: Pick<ServiceSpec, 'project' | 'name'>,
): readonly ServiceId[] {
  const services = world.projects.get(project)?.spec.services;
  return services === undefined ? NOBODY : (indexOf(services).get(name) ?? NOBODY);
}
