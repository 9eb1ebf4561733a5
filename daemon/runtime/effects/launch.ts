import type { ObservedContainer } from '../../model/observed.js';
import { tune } from '../../model/runtime.js';
import type { NetworkSpec } from '../../model/spec.js';
import type { Containers } from '../../ports/ports.js';
import { isLive } from '../../scheduler/lifecycle/adoption.js';
import type { StepOf } from '../../scheduler/state/step.js';
import { placeNames, wired, wiringText } from '../../scheduler/state/wiring.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import { refuseGone } from './moved-folder.js';

export type Launched =
  /** `madeVolumes`: names of those that were missing. */
  | { readonly ok: true; readonly container: ObservedContainer; readonly madeVolumes: readonly string[] }
  /** Nothing was made: the project's networks have other gateways than the daemon listens at. */
  | { readonly ok: false; readonly why: 'gateways-missing' }
  | {
      readonly ok: false;
      readonly why: 'failed';
      readonly failure: Failure;
      readonly container: string | null;
      readonly running: boolean;
    };

/** It is there, and was not to be started. */
interface Held {
  readonly ok: false;
  readonly why: 'held';
  readonly container: string;
}

/** What was made for a launch until it failed or ended. */
interface Made {
  id: string | null;
  volumes: readonly string[];
}

interface Previous {
  readonly previous: ObservedContainer | null;
  readonly isSame: Promise<boolean>;
}

/**
 * Makes a container of the service run with the step's definition and grant, whatever is there now: the previous one is
 * started again when it was made the same way from the present image, else replaced, with its anonymous volumes handed on; also where
 * its networks were removed meanwhile (prune), which it cannot start without. After a failed start the
 * engine is asked what is so: a start that timed out may have started it all the same. `mayStart` is asked once the container is there.
 */
export function launch(step: StepOf<'launch'>, containers: Containers): Promise<Launched>;
export function launch(step: StepOf<'launch'>, containers: Containers, mayStart: () => Promise<boolean>): Promise<Launched | Held>;
export async function launch(
  step: StepOf<'launch'>,
  containers: Containers,
  mayStart = () => Promise.resolve(true),
): Promise<Launched | Held> {
  const made: Made = { id: null, volumes: [] };
  try {
    refuseGone(step.project.name, step.project.root, step.spec.container);
    const { previous, isSame } = await lookAt(step, containers);
    let isStarted = false;
    if (previous && (await isReusable(step, previous, isSame))) {
      if (!(await mayStart())) return { ok: false, why: 'held', container: previous.id };
      isStarted = await startAgain(step, previous.id, made, containers);
    }
    if (!isStarted) {
      if (!(await replace(step, previous, made, containers))) return { ok: false, why: 'gateways-missing' };
      if (!(await mayStart())) return { ok: false, why: 'held', container: made.id ?? '' };
      await containers.start(made.id ?? '', step.spec.container);
    }
    const container = await containers.inspect(made.id ?? '');
    if (container) return { ok: true, container, madeVolumes: made.volumes };
    throw new FailureError(failure('engine-error', `The container of ${step.spec.name} was removed while it started.`));
  } catch (error) {
    return afterFailure(error, made, containers);
  }
}

/** The previous container, and whether its image is the present one: asked for at once, for both are on the way of each start. */
async function lookAt({ previous, spec, reuseContainer }: StepOf<'launch'>, containers: Containers): Promise<Previous> {
  if (previous === null) return { previous: null, isSame: Promise.resolve(false) };
  const looking = containers.inspect(previous);
  const image = looking.then(seen => seen?.image ?? null);
  const isSame = reuseContainer || spec.container === null ? Promise.resolve(true) : containers.sameImage(image, spec.container.image);
  isSame.catch(() => undefined); // said where it is asked for
  return { previous: await looking, isSame };
}

/** False: it cannot be started any more, for something that it was made with is gone. */
async function startAgain({ spec }: StepOf<'launch'>, id: string, made: Made, containers: Containers): Promise<boolean> {
  made.id = id;
  try {
    await containers.start(id, spec.container);
    return true;
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'config-missing') return false;
    throw error;
  }
}

async function afterFailure(error: unknown, { id, volumes }: Made, containers: Containers): Promise<Launched> {
  const value = error instanceof FailureError ? error.failure : failure('internal', String(error));
  if (id === null) return { ok: false, why: 'failed', failure: value, container: null, running: false };
  const seen = await containers.inspect(id).catch(() => null);
  if (value.code === 'engine-timeout' && seen && isLive(seen)) return { ok: true, container: seen, madeVolumes: volumes };
  return { ok: false, why: 'failed', failure: value, container: id, running: seen !== null && isLive(seen) };
}

/** Made from the same definition, with the same limit; and neither running nor half made. */
async function isReusable(
  { spec, grant, recreate, wiring }: StepOf<'launch'>,
  previous: ObservedContainer,
  isSame: Promise<boolean>,
): Promise<boolean> {
  if (spec.container === null) return true;
  const same =
    previous.configHash === spec.configHash &&
    previous.limit === grant &&
    previous.wiring === wiringText(wiring) &&
    previous.service === spec.name;
  if (!same || recreate || (previous.status !== 'exited' && previous.status !== 'created')) return false;
  return isSame;
}

/** False: the networks were made anew, with other gateways than the step was told of. Then nothing is replaced. */
async function replace(step: StepOf<'launch'>, previous: ObservedContainer | null, made: Made, containers: Containers): Promise<boolean> {
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
  made.volumes = await containers.ensureResources(project.name, networks, volumes);
  if (!(await leadsToUs(step, networks, containers))) return false;
  if (previous && step.reuseContainer) await refuseWithoutImage(step, containers);
  if (previous) await discard(previous, spec.stopTimeout, containers);
  made.id = null;
  made.id = await containers.create(
    { ...spec, container: wired(tuned, step.wiring) },
    {
      grant,
      profile: project.profile,
      projectRoot: project.root,
      networks,
      volumes,
      wiring: wiringText(step.wiring),
      carryOver: previous?.anonymousVolumes ?? step.carryOver,
    },
  );
  return true;
}

/** Whether the names in the container lead to gateways that its networks have: one that was removed and made anew may have another. */
async function leadsToUs(
  { wiring, project }: StepOf<'launch'>,
  networks: readonly NetworkSpec[],
  containers: Containers,
): Promise<boolean> {
  const wanted = new Set(wiring.hosts.map(text => text.slice(text.indexOf(':') + 1)));
  for (const names of [networks.map(network => network.name), placeNames(project.name)]) {
    if (wanted.size === 0) return true;
    for (const { address } of await containers.gateways(names)) wanted.delete(address);
  }
  return wanted.size === 0;
}

/** What was to be reused was not asked for its image: without one there would be no container at all after this. */
async function refuseWithoutImage({ spec }: StepOf<'launch'>, containers: Containers): Promise<void> {
  const reference = spec.container?.image ?? '';
  if ((await containers.exposedBy(reference)) !== null) return;
  throw new FailureError(failure('image-missing', `${reference} is not on this machine.`, { reference }));
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
