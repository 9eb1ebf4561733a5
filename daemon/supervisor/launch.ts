import { type Failure, FailureError, failure } from '../core/failure.js';
import { isLive } from '../core/observe.js';
import type { ObservedContainer } from '../core/observed.js';
import { tune } from '../core/runtime.js';
import type { StepOf } from '../core/step.js';
import { wired, wiringText } from '../core/wiring.js';
import type { Containers } from '../ports.js';
import { refuseGone } from './moved.js';

export type Launched =
  | { readonly ok: true; readonly container: ObservedContainer }
  | { readonly ok: false; readonly failure: Failure; readonly container: string | null; readonly running: boolean };

/**
 * Makes a container of the service run with the step's definition and grant, whatever is there now: the previous one is
 * started again when it was made the same way from the present image, else replaced, with its anonymous volumes handed on. After a failed start the
 * engine is asked what is so: a start that timed out may have started it all the same.
 */
export async function launch(step: StepOf<'launch'>, containers: Containers): Promise<Launched> {
  let id: string | null = null;
  try {
    refuseGone(step.project.name, step.project.root, step.spec.container);
    const previous = step.previous === null ? null : await containers.inspect(step.previous);
    id = previous && (await isReusable(step, previous, containers)) ? previous.id : await replace(step, previous, containers);
    await containers.start(id, step.spec.container);
    const container = await containers.inspect(id);
    if (container) return { ok: true, container };
    throw new FailureError(failure('engine-error', `The container of ${step.spec.name} was removed while it started.`));
  } catch (error) {
    return afterFailure(error, id, containers);
  }
}

async function afterFailure(error: unknown, id: string | null, containers: Containers): Promise<Launched> {
  const value = error instanceof FailureError ? error.failure : failure('internal', String(error));
  if (id === null) return { ok: false, failure: value, container: null, running: false };
  const seen = await containers.inspect(id).catch(() => null);
  if (value.code === 'engine-timeout' && seen && isLive(seen)) return { ok: true, container: seen };
  return { ok: false, failure: value, container: id, running: seen !== null && isLive(seen) };
}

/** Made from the same definition, with the same limit; and neither running nor half made. */
async function isReusable(
  { spec, grant, fresh, asIs, wiring }: StepOf<'launch'>,
  previous: ObservedContainer,
  containers: Containers,
): Promise<boolean> {
  if (spec.container === null) return true;
  const same =
    previous.configHash === spec.configHash &&
    previous.limit === grant &&
    previous.wiring === wiringText(wiring) &&
    previous.service === spec.name;
  if (!same || fresh || (previous.status !== 'exited' && previous.status !== 'created')) return false;
  return asIs || containers.sameImage(previous.image, spec.container.image);
}

async function replace(step: StepOf<'launch'>, previous: ObservedContainer | null, containers: Containers): Promise<string> {
  const { spec, grant, project } = step;
  const tuned = tune(spec, grant);
  if (!tuned) {
    throw new FailureError(
      failure('config-missing', `The definition of ${spec.name} is not known any more: only its labels were left.`, {}, [
        `Run laptop-dev up in the folder of project ${spec.project} once`,
      ]),
    );
  }
  const { networks, volumes } = needed(step);
  await containers.ensureResources(project.name, networks, volumes);
  if (previous) await discard(previous, spec.stopTimeout, containers);
  return containers.create(
    { ...spec, container: wired(tuned, step.wiring) },
    {
      grant,
      profile: project.profile,
      projectRoot: project.root,
      networks,
      volumes,
      wiring: wiringText(step.wiring),
      carryOver: previous?.anonymousVolumes ?? {},
    },
  );
}

async function discard(previous: ObservedContainer, timeout: number, containers: Containers): Promise<void> {
  if (isLive(previous)) await containers.stop(previous.id, timeout);
  await containers.remove(previous.id, { anonymousVolumes: false });
}

/** The networks and volumes of the project that this service uses. */
function needed({ spec, project }: StepOf<'launch'>): Pick<StepOf<'launch'>['project'], 'networks' | 'volumes'> {
  const networks = new Set(spec.container?.networks.map(attachment => attachment.network));
  const volumes = new Set(
    spec.container?.mounts.flatMap(mount => (mount.kind === 'volume' && mount.volume !== null ? [mount.volume] : [])),
  );
  return {
    networks: project.networks.filter(network => networks.has(network.key)),
    volumes: project.volumes.filter(volume => volumes.has(volume.key)),
  };
}
