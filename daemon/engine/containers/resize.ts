import type { ObservedContainer } from '../../model/observed.js';
import { sameLimit } from '../../model/observed.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { checkLimits, limitStands } from '../mapping/limits.js';
import { podmanUpdate } from '../podman/podman-update.js';
import { inspect } from './inspect.js';

/** Sets the hard limit of a container and verifies it; see Containers.resize. */
export async function resize(connection: EngineConnection, id: string, limit: Bytes): Promise<void> {
  const { kind } = await connection.facts();
  try {
    await (kind === 'podman' ? podmanUpdate(connection, id, limit) : dockerUpdate(connection, id, limit));
  } catch (error) {
    throw (await refusal(connection, id, limit, error)) ?? error;
  }
  const wrong = await (kind === 'podman' ? checkPodman(connection, id, limit) : checkDocker(connection, id, limit));
  if (wrong) throw new FailureError(wrong);
}

/** Memory and MemorySwap in one call: alone, either would cross the other and be refused. */
async function dockerUpdate(connection: EngineConnection, id: string, limit: Bytes): Promise<void> {
  await connection.call(`update ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
    client.getContainer(id).update({ _body: { Memory: limit, MemorySwap: limit }, abortSignal }),
  );
}

async function checkDocker(connection: EngineConnection, id: string, limit: Bytes): Promise<Failure | null> {
  const { Name, HostConfig } = await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  return checkLimits(Name.replace(/^\//, ''), { Memory: limit, MemorySwap: limit }, HostConfig).failure;
}

/** Podman shows it in one figure, see inspect(). */
async function checkPodman(connection: EngineConnection, id: string, limit: Bytes): Promise<Failure | null> {
  const seen = await inspect(connection, id);
  if (!seen) return failure('not-found', `update ${id.slice(0, 12)}: the container is gone`);
  if (sameLimit(seen.limit, limit)) return null;
  const { version } = await connection.facts();
  return limitStands(
    seen,
    limit,
    `Podman ${version} accepted a limit of ${formatBytes(limit)} for ${seen.name}, but ${formatBytes(seen.limit)} is what can be seen`,
  );
}

/** What an engine's refusal means for the limit; null when the call failed for a reason of its own (gone, no engine, no answer). */
async function refusal(connection: EngineConnection, id: string, limit: Bytes, error: unknown): Promise<FailureError | null> {
  if (!(error instanceof FailureError)) return null;
  const { code, details, message } = error.failure;
  if (code !== 'engine-error' && code !== 'out-of-memory' && code !== 'exited') return null;
  const seen = await inspect(connection, id).catch(() => null);
  return seen ? new FailureError(refused(seen, limit, details.engine ?? message)) : null;
}

/** `engine`: what it said. */
function refused(seen: ObservedContainer, limit: Bytes, engine: string): Failure {
  // runc since 1.0; a kernel or a runc before says EBUSY and no figure.
  const usage = /current usage: (\d+)/.exec(engine)?.[1];
  if (usage !== undefined || /device or resource busy/i.test(engine)) {
    const uses = usage === undefined ? 'what it uses' : `the ${formatBytes(Number(usage))} that it uses`;
    const message = `${seen.name}: ${formatBytes(limit)} is below ${uses}; its limit stays ${formatBytes(seen.limit)}`;
    return limitStands(seen, limit, message, { engine, usage: usage === undefined ? null : Number(usage) });
  }
  const message = `${seen.name}: the engine refused a limit of ${formatBytes(limit)}, ${formatBytes(seen.limit)} stays: ${engine}`;
  return limitStands(seen, limit, message, { engine });
}
