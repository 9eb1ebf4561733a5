import { serviceId } from '../../model/spec.js';
import type { Containers, Log } from '../../ports/ports.js';
import { isAdopted, isLive } from '../../scheduler/lifecycle/adoption.js';
import type { World } from '../../scheduler/state/world.js';
import { toFailure } from '../as-failure.js';

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
