import type { ContainerSpec, VolumeSpec } from '../../../model/spec.js';
import { judgedPath } from '../../../path-gate/judge.js';

/**
 * The container with the host paths it uses resolved, so that what trust judges is what the engine mounts and builds. The daemon looks again
 * whenever one is used: a link on the way then was put there since.
 */
export function withRealPaths(container: ContainerSpec): ContainerSpec {
  const mounts = container.mounts.map(mount => (mount.kind === 'bind' ? { ...mount, source: judgedPath(mount.source) } : mount));
  const devices = container.devices.map(realDevice);
  const { build } = container;
  if (build === null) return { ...container, mounts, devices };
  const dockerfile = build.dockerfile === null ? null : judgedPath(build.dockerfile);
  return { ...container, mounts, devices, build: { ...build, context: judgedPath(build.context), dockerfile } };
}

/** HOST:CONTAINER:PERMISSIONS. Names in /dev are links of the system's own, and stay. */
function realDevice(text: string): string {
  const [host = '', ...rest] = text.split(':');
  return host.startsWith('/') && !host.startsWith('/dev/') ? [judgedPath(host), ...rest].join(':') : text;
}

/** The same for a volume that shows a folder of this machine (driver option `device`); a disk keeps the name that was written. */
export function withRealDevice(volume: VolumeSpec): VolumeSpec {
  const device = volume.options['device'];
  const binds = /(^|,)r?bind(,|$)/.test(volume.options['o'] ?? '');
  if (device === undefined || !device.startsWith('/') || !binds) return volume;
  return { ...volume, options: { ...volume.options, device: judgedPath(device) } };
}
