import type { ObservedContainer } from '../../model/observed.js';
import { sameLimit } from '../../model/observed.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { type Inspected, mapInspect } from '../mapping/map-inspect.js';
import { sessionsIn } from '../streams/exec-watch.js';
import { kernelLimit } from './kernel-limit.js';

/** What the engine knows of a container; null: there is none. `withSessions`: what others run in it too, which takes questions of its own. */
export async function inspect(connection: EngineConnection, id: string, withSessions = false): Promise<ObservedContainer | null> {
  try {
    const raw: Inspected = await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
      client.getContainer(id).inspect({ abortSignal }),
    );
    const mapped = mapInspect(raw);
    const seen = withSessions && mapped.pid !== null ? { ...mapped, sessions: await sessionsIn(connection, raw) } : mapped;
    return (await connection.facts()).kind === 'podman' ? withLimitInForce(seen) : seen;
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}

/** Podman before 5.1 shows the limit of the creation for ever, whatever `podman update` has made of it (seen in 4.3). */
function withLimitInForce(seen: ObservedContainer): ObservedContainer {
  const inForce = seen.pid === null ? null : kernelLimit(seen.id, seen.pid);
  return inForce === null || sameLimit(inForce, seen.limit) ? seen : { ...seen, limit: inForce };
}
