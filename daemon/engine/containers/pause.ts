import type { ObservedContainer } from '../../model/observed.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { inspect } from './inspect.js';

/** Freezes every process of a container; paused already: no error. */
export function pause(connection: EngineConnection, id: string): Promise<void> {
  return change(connection, id, 'pause', status => status === 'paused');
}

/** Not paused, or not even running: no error. */
export function unpause(connection: EngineConnection, id: string): Promise<void> {
  return change(connection, id, 'unpause', status => status !== 'paused');
}

/** A refusal is judged by the state it leaves: Docker answers 409 or 500 to what is done already, Podman 500, each in its own words. */
async function change(
  connection: EngineConnection,
  id: string,
  verb: 'pause' | 'unpause',
  isDone: (status: ObservedContainer['status']) => boolean,
): Promise<void> {
  try {
    await connection.call(`${verb} ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id)[verb]({ abortSignal }),
    );
  } catch (error) {
    const seen = await inspect(connection, id).catch(() => null);
    if (!seen || !isDone(seen.status)) throw error;
  }
}
