import { FailureError } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { explainPort } from '../published/port-taken.js';

/** A port can be held for a moment by what is just ending (Podman's proxies, a socket of the service's last run). */
const TRIES = 3;

/** Runs a start when what it mounts is safe to be mounted; see Guard.start. */
type Guarded = (run: () => Promise<void>) => Promise<void>;

/** Starts a container; running already is no error. port-taken names the owner. */
export async function startContainer(connection: EngineConnection, id: string, guarded: Guarded): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await guarded(() => startOnce(connection, id));
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'port-taken') throw error;
      const { failure, gone } = await explainPort(connection, id, error.failure);
      if (!gone || attempt === TRIES) throw new FailureError(failure);
    }
  }
}

async function startOnce(connection: EngineConnection, id: string): Promise<void> {
  try {
    await connection.call(`start ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id).start({ abortSignal }),
    );
  } catch (error) {
    // 304: it runs already.
    if (engineStatusOf(error) !== 304) throw error;
  }
}
