import { canonical } from '../../shared/canonical.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { exposedPorts, imageIdOf } from '../mapping/map-inspect.js';

interface InspectedImage {
  readonly Id: string;
  readonly RootFS?: { readonly Layers?: readonly string[] | null };
  readonly Config?: Readonly<Record<string, unknown>> | null;
}

/** What a container takes from its image's configuration. Labels are left out: ours change with files that no layer has. */
const RUN_WITH = ['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'ExposedPorts', 'Volumes', 'StopSignal', 'Healthcheck', 'Shell'];

/**
 * Whether a container made from image `image` would be the same if it were made from what `reference` names now: the same image, or
 * one with the same layers and settings, as a build gives whose files did not matter to it. False where there is no image to compare.
 */
export async function sameImage(connection: EngineConnection, image: Promise<string | null>, reference: string): Promise<boolean> {
  const [now, id] = await Promise.all([inspectImage(connection, reference), image]);
  if (id === null) return false;
  if (now === null || imageIdOf(now.Id) === id) return now !== null;
  const before = await inspectImage(connection, id);
  return before !== null && essence(before) === essence(now);
}

/** TCP ports that an image exposes; null: it is not there. */
export async function exposedByImage(connection: EngineConnection, reference: string): Promise<readonly number[] | null> {
  const found = await inspectImage(connection, reference);
  return found && exposedPorts(found.Config?.['ExposedPorts'] as Readonly<Record<string, unknown>> | null | undefined);
}

async function inspectImage(connection: EngineConnection, reference: string): Promise<InspectedImage | null> {
  try {
    return await connection.call(`inspect image ${reference}`, DEADLINE.quick, (_client, signal) =>
      connection.raw<InspectedImage>({ method: 'GET', path: `/images/${reference}/json`, signal }),
    );
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}

function essence({ RootFS, Config }: InspectedImage): string {
  const settings = RUN_WITH.map(key => [key, Config?.[key] ?? null]);
  return canonical({ layers: RootFS?.Layers ?? [], settings });
}
