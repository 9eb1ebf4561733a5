import { posix } from 'node:path';
import type { ContainerSpec, MountSpec } from '../../model/spec.js';
import { FailureError, failure } from '../../shared/failure.js';
import { type TarFile, tarOf } from './tar.js';

type Content = Extract<MountSpec, { kind: 'content' }>;

/** An archive to unpack in a created container, before its start. */
export interface Upload {
  readonly path: string;
  readonly archive: Buffer;
}

/**
 * Folders of `content` files that need a volume of their own: an engine does not write into a read-only root, and what it
 * writes below a tmpfs is hidden by it at the start. An anonymous volume takes the file in both cases and starts as a copy of
 * what the image has there.
 */
export function contentFolders(container: ContainerSpec): string[] {
  const folders = contents(container)
    .filter(each => needsVolume(each.target, container))
    .map(each => posix.dirname(each.target));
  if (folders.includes('/')) {
    throw new FailureError(
      failure('config-invalid', 'A secret or config directly under / cannot be put into a container with a read-only root', {}, [
        'Give it a target in a folder, such as /run/secrets/NAME',
      ]),
    );
  }
  return [...new Set(folders)];
}

/** The files of `content` mounts as archives: one for each folder with a volume, one for the rest. */
export function uploads(container: ContainerSpec): Upload[] {
  const byPath = new Map<string, TarFile[]>();
  for (const { target, text, mode } of contents(container)) {
    const path = needsVolume(target, container) ? posix.dirname(target) : '/';
    const files = byPath.get(path) ?? [];
    files.push({ name: posix.relative(path, target), mode, data: Buffer.from(text) });
    byPath.set(path, files);
  }
  return [...byPath].map(([path, files]) => ({ path, archive: tarOf(files) }));
}

function contents(container: ContainerSpec): Content[] {
  return container.mounts.filter(mount => mount.kind === 'content');
}

function needsVolume(target: string, container: ContainerSpec): boolean {
  const covered = (mount: MountSpec): boolean => mount.kind === 'tmpfs' && `${target}/`.startsWith(`${mount.target.replace(/\/$/, '')}/`);
  return container.readOnly || container.mounts.some(covered);
}
