import type { ContainerSpec } from '../../../model/spec.js';
import { type Cursor, quote } from '../tree/cursor.js';
import { textsByKey } from './key-values.js';
import { warnUnsupported } from './unsupported.js';

/** ulimits: one number for both, or soft and hard; -1 is unlimited. */
export function ulimitsOf(cursor: Cursor | null): ContainerSpec['ulimits'] {
  return (cursor?.entries() ?? []).flatMap(([name, at]) => {
    const soft = (at.isMap ? at.get('soft') : at)?.integer(-1) ?? null;
    const hard = (at.isMap ? at.get('hard') : at)?.integer(-1) ?? null;
    if (at.isMap && (soft === null || hard === null)) at.error('lacks soft or hard', { expected: 'both' });
    if (soft === null || hard === null) return [];
    if (hard !== -1 && (soft > hard || soft === -1)) at.error(`the soft limit ${soft} is above the hard limit ${hard}`);
    return [{ name, soft, hard }];
  });
}

export function loggingOf(cursor: Cursor | null): ContainerSpec['logging'] {
  // Nothing said: the engine's own driver.
  if (cursor === null || !cursor.isMap || (cursor.get('driver') === null && cursor.get('options') === null)) return null;
  return { driver: cursor.get('driver')?.text() ?? 'json-file', options: textsByKey(cursor.get('options')) };
}

/** devices as SOURCE:TARGET:PERMISSIONS. */
export function devicesOf(cursor: Cursor | null): string[] {
  return (cursor?.items() ?? []).flatMap(item => {
    if (item.isMap) {
      const source = item.get('source')?.text() ?? '';
      return [`${source}:${item.get('target')?.text() ?? source}:${item.get('permissions')?.text() ?? 'rwm'}`];
    }
    const [source = '', target = source, permissions = 'rwm'] = item.text()?.split(':') ?? [];
    if (source.startsWith('/')) return [`${source}:${target}:${permissions}`];
    item.warn(`${quote(item.text() ?? '')} is not a device file; only those are supported`);
    return [];
  });
}

const PULL: Readonly<Record<string, ContainerSpec['pull']>> = {
  always: 'always',
  never: 'never',
  missing: 'missing',
  if_not_present: 'missing',
  build: 'build',
};

export function pullOf(cursor: Cursor | null): ContainerSpec['pull'] {
  const text = cursor?.text() ?? 'missing';
  const known = Object.hasOwn(PULL, text) ? PULL[text] : undefined;
  if (known !== undefined) return known;
  cursor?.warn(`${quote(text)} is not supported; the image is pulled when it is missing`);
  return 'missing';
}

/** What is read from `deploy` elsewhere; the rest speaks of a cluster. */
export function checkDeploy(service: Cursor): void {
  const deploy = service.get('deploy');
  if (deploy !== null) {
    warnUnsupported(deploy, ['resources', 'replicas', 'restart_policy', 'labels']);
    const resources = deploy.get('resources');
    if (resources !== null) warnUnsupported(resources, ['limits', 'reservations']);
  }
  for (const at of [service.get('scale'), deploy?.get('replicas') ?? null]) {
    const count = at?.integer(0) ?? 1;
    if (count > 1) at?.warn(`laptop-dev runs one container of each service, not ${count}`);
  }
}

/** `scale: 0`, `deploy.replicas: 0`, or something else than a container provides it: the service is described, but does not run. */
export function hasNoContainers(service: Cursor): boolean {
  if (service.get('provider') !== null) return true;
  const replicas = service.get('deploy')?.get('replicas') ?? null;
  return (service.get('scale') ?? replicas)?.integer(0) === 0;
}
