import { LABEL } from '../../model/labels.js';
import type { ServiceSpec } from '../../model/spec.js';
import { type Failure, FailureError, type FailureOf, failure } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { type Inspected, mapInspect } from '../mapping/map-inspect.js';
import { removeByForce } from './remove.js';

type Holder = Inspected & { readonly Config?: { readonly Image?: string } };
type Labels = Readonly<Record<string, string>>;

/**
 * Frees the name of a container of ours that an interrupted start left behind; resolves to its anonymous volumes, which the
 * next one takes over. A stranger's container is left alone: name-taken, with its image and project.
 */
export async function clearName(
  { connection, instance }: { readonly connection: EngineConnection; readonly instance: string },
  spec: ServiceSpec,
  taken: FailureOf<'name-taken'>,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const holder = await inspectHolder(connection, taken.details.holder ?? name);
  if (!holder) return {};
  const labels = holder.Config?.Labels ?? {};
  if (!isOurs(labels, instance, spec)) throw new FailureError(nameTaken(name, holder));
  await removeHolder(connection, holder);
  return mapInspect(holder).anonymousVolumes;
}

export function isOurs(labels: Labels, instance: string, spec: { readonly project: string; readonly name: string }): boolean {
  return labels[LABEL.instance] === instance && labels[LABEL.project] === spec.project && labels[LABEL.service] === spec.name;
}

/** Words for a name that a stranger holds. Pure. */
export function nameTaken(name: string, holder: Holder): Failure {
  const labels = holder.Config?.Labels ?? {};
  const image = holder.Config?.Image ?? 'an unknown image';
  const project = labels[LABEL.composeProject] ?? null;
  const other = labels[LABEL.instance] === undefined ? '' : ', kept by another user or daemon of laptop-dev';
  const from =
    project === null
      ? ''
      : `, Compose project ${project}${labels[LABEL.composeWorkingDir] ? ` in ${labels[LABEL.composeWorkingDir]}` : ''}`;
  return failure('name-taken', `The name ${name} belongs to another container (${holder.Id.slice(0, 12)}, ${image}${from}${other})`, {
    name,
    id: holder.Id,
    image,
    project,
  });
}

async function inspectHolder(connection: EngineConnection, id: string): Promise<Holder | null> {
  try {
    return await connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
      client.getContainer(id).inspect({ abortSignal }),
    );
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}

/** One that still runs is stopped in peace first: it may be a database. */
async function removeHolder(connection: EngineConnection, holder: Holder): Promise<void> {
  const what = `remove leftover ${holder.Name ?? holder.Id}`;
  if (holder.State?.Status === 'removing') {
    await connection
      .call(what, DEADLINE.slow, (client, abortSignal) => client.getContainer(holder.Id).wait({ condition: 'removed', abortSignal }))
      .catch(gone);
    return;
  }
  if (mapInspect(holder).pid !== null) {
    await connection
      .call(what, DEADLINE.slow, (client, abortSignal) => client.getContainer(holder.Id).stop({ t: 10, abortSignal }))
      .catch(ended);
  }
  await removeByForce(connection, holder.Id);
}

function gone(error: unknown): void {
  if (engineStatusOf(error) !== 404) throw error;
}
function ended(error: unknown): void {
  if (engineStatusOf(error) !== 304) gone(error);
}
