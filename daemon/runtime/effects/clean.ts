import type { Cleaned } from '../../api/contract.js';
import { type ServiceId, serviceId } from '../../model/spec.js';
import type { Containers, Log } from '../../ports/ports.js';
import { isAdopted, isLive } from '../../scheduler/lifecycle/adoption.js';
import type { World } from '../../scheduler/state/world.js';
import { toFailure } from '../../shared/to-failure.js';

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

type Network = Awaited<ReturnType<Containers['networks']>>[number];

/**
 * Removes what carries our label and belongs to nothing known: containers that do not run, and networks. Never volumes. Each is
 * judged by the world as it is just before it goes: a project may come up meanwhile. Does nothing while the engine is not up, for
 * then it is not known what there is.
 */
export async function prune(world: () => World, containers: Pick<Containers, 'list' | 'networks' | 'remove' | 'removeNetwork'>, log: Log) {
  if (world().engine !== 'up') return;
  const removed: string[] = [];
  const remove = async (name: string, run: () => Promise<void>) => {
    const failed = await run().then(() => null, toFailure);
    if (failed) log.warn({ name, failure: failed.message }, 'a leftover could not be removed');
    else removed.push(name);
  };
  for (const seen of await containers.list()) {
    const isKnown = world().services.has(serviceId(seen.project, seen.service));
    if (!isLive(seen) && !isKnown) await remove(seen.name, () => containers.remove(seen.id, { anonymousVolumes: false }));
  }
  for (const network of await containers.networks()) {
    if (isLeft(world(), network)) await remove(network.name, () => containers.removeNetwork(network.name));
  }
  if (removed.length > 0) log.info({ removed }, 'leftovers were removed');
}

/** A project that is known by its labels alone may need any of its networks. */
function isLeft(world: World, { project, name }: Network): boolean {
  const known = world.projects.get(project);
  return known === undefined || !(isAdopted(known.spec) || known.spec.networks.some(network => network.name === name));
}
