import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../ports/ports.js';
import { FailureError } from '../../shared/failure.js';
import { saysInUse, saysRemovalUnderWay } from '../client/classify.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { mapInspect } from '../mapping/map-inspect.js';
import { inspect } from './inspect.js';

/** Ms before a removal is tried again; the last refusal stands. */
const AGAIN = [100, 200, 400, 800, 1600, 3200];

/** Removes a stopped container. Carried-over volumes are mounted by name, so the engine does not count them as the container's own: they are removed one by one. */
export async function removeContainer(connection: EngineConnection, id: string, anonymousVolumes: boolean): Promise<void> {
  const what = `remove ${id.slice(0, 12)}`;
  try {
    const volumes = anonymousVolumes ? await volumesOf(connection, id) : [];
    await connection.call(what, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id).remove({ v: anonymousVolumes, abortSignal }),
    );
    for (const name of volumes) await removeVolume(connection, name);
  } catch (error) {
    if (engineStatusOf(error) === 404) return;
    // Somebody else removes it just now: wait for that.
    if (!(error instanceof FailureError) || !saysRemovalUnderWay(error.failure)) throw error;
    await connection
      .call(what, DEADLINE.slow, (client, abortSignal) => client.getContainer(id).wait({ condition: 'removed', abortSignal }))
      .catch(gone);
  }
}

/**
 * Removes a container in whatever state it is. A refusal is judged by what it leaves: Podman 4.3 answers 500 to 7 of 100 removals
 * that meet the container's own end ("could not be stopped: container state improper"), Docker 409 while somebody else removes it.
 */
export async function removeByForce(connection: EngineConnection, id: string, { v = false }: { readonly v?: boolean } = {}): Promise<void> {
  for (const wait of [...AGAIN, null]) {
    try {
      return await connection.call(`remove ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
        client.getContainer(id).remove({ force: true, v, abortSignal }),
      );
    } catch (error) {
      const isGone = engineStatusOf(error) === 404 || (await inspect(connection, id).catch(() => 'unknown')) === null;
      if (isGone) return;
      if (wait === null || engineStatusOf(error) === null) throw error;
      await pause(wait);
    }
  }
}

async function volumesOf(connection: EngineConnection, id: string): Promise<string[]> {
  const raw = await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  return Object.values(mapInspect(raw).anonymousVolumes);
}

/** Gone already: no error. In use by a container of somebody else: left, with a line in the log. */
export async function removeNetwork(connection: EngineConnection, name: string, log: Log): Promise<void> {
  try {
    await connection.call(`remove network ${name}`, DEADLINE.slow, (client, abortSignal) =>
      client.getNetwork(name).remove({ abortSignal }),
    );
  } catch (error) {
    if (engineStatusOf(error) === 404) return;
    if (!(error instanceof FailureError) || !saysInUse(error.failure)) throw error;
    log.warn({ network: name, reason: error.message }, 'network is still in use and stays');
  }
}

/** Gone already: no error. In use: engine-error in the engine's words. */
export async function removeVolume(connection: EngineConnection, name: string): Promise<void> {
  await connection
    .call(`remove volume ${name}`, DEADLINE.slow, (client, abortSignal) => client.getVolume(name).remove({ abortSignal }))
    .catch(gone);
}

function gone(error: unknown): void {
  if (engineStatusOf(error) !== 404) throw error;
}
