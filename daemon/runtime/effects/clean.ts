import type { Cleaned } from '../../api/contract.js';
import type { ServiceId } from '../../model/spec.js';
import { serviceId } from '../../model/spec.js';
import type { Containers } from '../../ports/ports.js';
import { isLive } from '../../scheduler/lifecycle/adoption.js';
import type { World } from '../../scheduler/state/world.js';

/**
 * Finds, and unless `dryRun` removes, what carries our label in the project and belongs to none of its services: containers
 * that do not run, networks when no service of it is known, volumes only when asked and no definition names them.
 */
export async function cleanProject(
  world: World,
  containers: Containers,
  project: string,
  options: { readonly volumes: boolean; readonly dryRun: boolean },
): Promise<Cleaned> {
  const known = world.projects.get(project)?.spec;
  const kept = new Set<string | null>([...world.services.values()].map(entry => entry.container));
  const isKnown = (id: ServiceId) => world.services.has(id);
  const orphans = (await containers.list()).filter(
    seen => seen.project === project && !kept.has(seen.id) && !(isLive(seen) && isKnown(serviceId(seen.project, seen.service))),
  );
  const found = await containers.projectResources(project);
  const networks = found.networks.filter(name => !known?.networks.some(network => network.name === name));
  const volumes = options.volumes ? found.volumes.filter(name => !known?.volumes.some(volume => volume.name === name)) : [];
  if (!options.dryRun) {
    for (const orphan of orphans) {
      if (isLive(orphan)) await containers.stop(orphan.id, 10_000);
      await containers.remove(orphan.id, { anonymousVolumes: options.volumes });
    }
    for (const network of networks) await containers.removeNetwork(network);
    for (const volume of volumes) await containers.removeVolume(volume);
  }
  return { containers: orphans.map(orphan => orphan.name), networks, volumes };
}
