import { type ServiceSpec, serviceId } from './model.js';
import type { ServiceEntry, World } from './world.js';

/** By name: the names of those of a list that depend on it. Lists are never changed in place, and this is asked often. */
const indexes = new WeakMap<readonly ServiceSpec[], ReadonlyMap<string, readonly string[]>>();

function indexOf(services: readonly ServiceSpec[]): ReadonlyMap<string, readonly string[]> {
  const known = indexes.get(services);
  if (known) return known;
  const index = new Map<string, string[]>();
  for (const { name, dependsOn } of services) for (const on of dependsOn) index.set(on.service, [...(index.get(on.service) ?? []), name]);
  indexes.set(services, index);
  return index;
}

/** The services whose present definition depends on this one. */
export function neededBy(
  world: Pick<World, 'services' | 'projects'>,
  { project, name }: Pick<ServiceSpec, 'project' | 'name'>,
): readonly ServiceEntry[] {
  const services = world.projects.get(project)?.spec.services ?? [];
  return (indexOf(services).get(name) ?? []).flatMap(other => world.services.get(serviceId(project, other)) ?? []);
}
