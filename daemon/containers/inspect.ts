import { sameLimit } from '../core/drift.js';
import type { ObservedContainer } from '../core/observed.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { statusOf } from './engine-failure.js';
import { kernelLimit } from './kernel-limit.js';
import { mapInspect } from './map-inspect.js';

/** What the engine knows of a container; null: there is none. */
export async function inspect(connection: Connection, id: string): Promise<ObservedContainer | null> {
  try {
    const raw = await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
      client.getContainer(id).inspect({ abortSignal }),
    );
    const seen = mapInspect(raw);
    return (await connection.facts()).kind === 'podman' ? withLimitInForce(seen) : seen;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/** Podman before 5.1 shows the limit of the creation for ever, whatever `podman update` has made of it (seen in 4.3). */
function withLimitInForce(seen: ObservedContainer): ObservedContainer {
  const inForce = seen.pid === null ? null : kernelLimit(seen.id, seen.pid);
  return inForce === null || sameLimit(inForce, seen.limit) ? seen : { ...seen, limit: inForce };
}
