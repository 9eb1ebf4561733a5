import { type Notice, noticeOf } from '../../api/notice.js';
import { isGone } from '../../files/folder-id.js';
import type { ContainerSpec, ProjectSpec, ServiceSpec } from '../../model/spec.js';
import type { World } from '../../scheduler/state/world.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import { isWithin } from '../../shared/paths.js';

/**
 * Where the project was known until now, when nothing is there any more: its folder was moved, or was deleted and a person gives its name to
 * another one (-p). The command line gives the name of a known project to no other folder by itself. Null: it is where it was, or a clash.
 */
export function movedFrom(world: World, spec: ProjectSpec): string | null {
  const known = world.projects.get(spec.name)?.spec;
  if (!known || known.root === '' || known.root === spec.root) return null;
  return isGone(known.root) ? known.root : null;
}

export function movedNotice(spec: ProjectSpec, from: string): Notice {
  return noticeOf(spec.name, null, { kind: 'adopted', data: { reason: 'folder-moved', from, to: spec.root } });
}

/**
 * Throws config-missing when the container mounts something of the project's folder, or is built from it, and that folder is gone: the engine would
 * make an empty folder in its place, and the service run on nothing. Called right before a container is made or started.
 */
export function refuseGone(project: string, root: string, container: ContainerSpec | null): void {
  if (root === '' || container === null || !isGone(root)) return;
  const used = container.mounts.flatMap(mount => (mount.kind === 'bind' && isWithin(root, mount.source) ? [mount.source] : []));
  const context = container.build?.context;
  if (context !== undefined && isWithin(root, context)) used.push(context);
  if (used.length > 0) throw new FailureError(gone(project, root, used));
}

/** The same of a folder that an image is built from; asked before the build is looked at. */
export function refuseGoneContext({ project, name, container }: ServiceSpec): void {
  const context = container?.build?.context ?? '';
  if (!context.startsWith('/') || !isGone(context)) return;
  const message = `The folder that ${name} of project ${project} is built from is gone: ${context}. Nothing was started.`;
  throw new FailureError(failure('config-missing', message, { project, service: name, context }, [MOVED]));
}

const MOVED = 'If it was moved: laptop-dev up in its new folder; name and volumes stay';

function gone(project: string, root: string, used: readonly string[]): Failure {
  const message = `The folder of project ${project} is gone: ${root}. Nothing was started, and nothing was made in its place.`;
  return failure('config-missing', message, { project, root, used }, [
    MOVED,
    `If it was deleted: laptop-dev down -p ${project} takes the rest down, with --volumes the data too`,
  ]);
}
