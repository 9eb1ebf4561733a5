import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ContainerSpec, MountSpec, VolumeSpec } from '../core/model.js';
import { isWithin } from '../core/paths.js';

/**
 * The path with links resolved as far as it exists. A source that is neither written nor really inside `root` stays as
 * written: it needs trust either way, and Docker Desktop knows some paths by their spelling (/var/run/docker.sock).
 */
async function resolved(path: string, root: string): Promise<string> {
  const real = await realOf(path);
  return isWithin(root, path) || isWithin(root, real) ? real : path;
}

/** The path with links resolved, as far as it exists. */
export async function realOf(path: string): Promise<string> {
  const found = await realpath(path).catch(() => null);
  if (found !== null) return found;
  const parent = dirname(path);
  return parent === path ? path : join(await realOf(parent), basename(path));
}

/** The container with the host paths it uses resolved, so that what trust judges is what the engine mounts and builds. */
export async function withRealPaths(container: ContainerSpec, root: string): Promise<ContainerSpec> {
  const mounts: MountSpec[] = [];
  for (const mount of container.mounts) {
    mounts.push(mount.kind === 'bind' ? { ...mount, source: await resolved(mount.source, root) } : mount);
  }
  const { build } = container;
  if (build === null) return { ...container, mounts };
  const dockerfile = build.dockerfile === null ? null : await resolved(build.dockerfile, root);
  return { ...container, mounts, build: { ...build, context: await resolved(build.context, root), dockerfile } };
}

/** The same for a volume that is a folder of this machine (driver option `device`). */
export async function withRealDevice(volume: VolumeSpec, root: string): Promise<VolumeSpec> {
  const device = volume.options['device'];
  if (device === undefined || !device.startsWith('/')) return volume;
  return { ...volume, options: { ...volume.options, device: await resolved(device, root) } };
}
