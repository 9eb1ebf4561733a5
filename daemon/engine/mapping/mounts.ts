import type Dockerode from 'dockerode';
import type { MountSpec, VolumeSpec } from '../../model/spec.js';

type Bind = Extract<MountSpec, { kind: 'bind' }>;
type Tmpfs = Extract<MountSpec, { kind: 'tmpfs' }>;

/** A mount as the engine's API takes it; the published types demand fields that the API leaves optional. */
export interface EngineMount {
  readonly Type: 'bind' | 'volume';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  readonly BindOptions?: { readonly Propagation: string };
  readonly VolumeOptions?: { readonly NoCopy: boolean };
}

type MountOptions = Pick<Dockerode.HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>;

/**
 * Binds, volumes and tmpfs of a container. `carryOver` (target → volume) mounts the anonymous volumes of the container that
 * this one replaces, those that its image declares included, so that their data lives on. `contentFolders`: see content.ts.
 */
export function mountOptions(
  mounts: readonly MountSpec[],
  volumes: readonly VolumeSpec[],
  carryOver: Readonly<Record<string, string>>,
  contentFolders: readonly string[],
): MountOptions {
  const binds: string[] = [];
  const engineMounts: EngineMount[] = [];
  const tmpfs: Record<string, string> = {};
  for (const mount of mounts) {
    if (mount.kind === 'tmpfs') tmpfs[mount.target] = tmpfsText(mount);
    else if (mount.kind === 'bind' && shortForm(mount)) binds.push(bindText(mount));
    else if (mount.kind === 'bind') engineMounts.push(bindMount(mount));
    else if (mount.kind === 'volume') engineMounts.push(volumeMount(mount, volumes, carryOver));
  }
  const taken = new Set(mounts.map(mount => mount.target));
  for (const target of contentFolders) {
    if (taken.has(target) || carryOver[target] !== undefined) continue;
    engineMounts.push({ Type: 'volume', Target: target, ReadOnly: false });
    taken.add(target);
  }
  for (const [target, name] of Object.entries(carryOver)) {
    if (!taken.has(target)) engineMounts.push({ Type: 'volume', Source: name, Target: target, ReadOnly: false });
  }
  // One place for the cast that the published types make necessary.
  return { Binds: binds, Mounts: engineMounts as Dockerode.MountSettings[], Tmpfs: tmpfs };
}

/** Only the short form makes a missing source folder, and it cannot carry a colon in a path. */
function shortForm(mount: Bind): boolean {
  return mount.createSource && !mount.source.includes(':') && !mount.target.includes(':');
}

function bindText(mount: Bind): string {
  const options = [mount.readOnly ? 'ro' : 'rw', ...(mount.propagation ? [mount.propagation] : [])];
  return `${mount.source}:${mount.target}:${options.join(',')}`;
}

function bindMount(mount: Bind): EngineMount {
  const propagation = mount.propagation ? { BindOptions: { Propagation: mount.propagation } } : {};
  return { Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly, ...propagation };
}

function volumeMount(
  mount: Extract<MountSpec, { kind: 'volume' }>,
  volumes: readonly VolumeSpec[],
  carryOver: Readonly<Record<string, string>>,
): EngineMount {
  const source = mount.volume === null ? carryOver[mount.target] : volumeName(mount.volume, volumes);
  return {
    Type: 'volume',
    ...(source === undefined ? {} : { Source: source }),
    Target: mount.target,
    ReadOnly: mount.readOnly,
    ...(mount.noCopy ? { VolumeOptions: { NoCopy: true } } : {}),
  };
}

function volumeName(key: string, volumes: readonly VolumeSpec[]): string {
  const found = volumes.find(volume => volume.key === key);
  // The Compose loader refuses unknown volumes; a missing one here is a bug of ours.
  if (!found) throw new Error(`volume ${key} is not among the project's volumes`);
  return found.name;
}

function tmpfsText({ size, mode, options }: Tmpfs): string {
  const parts = [options, size === null ? null : `size=${size}`, mode === null ? null : `mode=${mode.toString(8)}`];
  return parts.filter(part => part).join(',');
}
