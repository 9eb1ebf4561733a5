import { noticeOf } from '../../api/notice.js';
import { builtImages } from '../../model/image-builds.js';
import type { ImageProgress } from '../../model/image-progress.js';
import type { ServiceId } from '../../model/spec.js';
import type { Containers, ExecOptions, ExecSession, Images } from '../../ports/ports.js';
import type { World } from '../../scheduler/state/world.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Notices } from '../notices.js';

interface Parts {
  readonly containers: Containers;
  readonly images: Images;
}

/**
 * Runs a command beside a service: its image is built or pulled first where it is missing, its volumes are made. The service itself is left
 * as it is, asleep or awake. Throws FailureError not-found, config-missing (only its labels are known), image-*, engine-*.
 */
export async function execOneOff(
  world: World,
  { containers, images }: Parts,
  notices: Notices,
  id: ServiceId,
  options: ExecOptions,
): Promise<ExecSession> {
  const spec = world.services.get(id)?.spec;
  const project = spec && world.projects.get(spec.project)?.spec;
  if (!spec || !project) throw new FailureError(failure('not-found', `There is no service ${id}.`));
  const { container } = spec;
  if (!container) {
    throw new FailureError(
      failure('config-missing', `The definition of ${id} is not known any more: only its labels were left.`, {}, [
        `Run laptop-dev up in the folder of project ${spec.project} once`,
      ]),
    );
  }
  const { image, build, pull, platform } = container;
  const tell = (data: ImageProgress) => notices.add([noticeOf(spec.project, spec.name, { kind: 'image', data })]);
  await images.ensure({ reference: image, build, pull, platform, rebuild: false, project: builtImages(project.services) }, tell);
  const used = new Set(container.mounts.flatMap(mount => (mount.kind === 'volume' && mount.volume !== null ? [mount.volume] : [])));
  const volumes = project.volumes.filter(volume => used.has(volume.key));
  await containers.ensureResources(project.name, [], volumes);
  return containers.beside(spec, volumes, options);
}
