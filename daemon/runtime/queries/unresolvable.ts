import type { ProjectSpec } from '../../model/spec.js';
import { changedSince, sourceChanged } from '../../path-gate/judge.js';
import type { Failure } from '../../shared/failure.js';

/**
 * What of a project that is to come up cannot be judged by its path: it is no real path, whatever the client has made of it, or it cannot be looked
 * at. Trust is about real paths, so this comes first. Null: nothing. The same is asked again at each start and each build.
 */
export function unresolvable(spec: ProjectSpec): Failure | null {
  for (const { who, path } of hostPaths(spec)) {
    const change = changedSince(path, spec.root);
    if (change !== null) return sourceChanged(who, change, spec.root);
  }
  return null;
}

function hostPaths({ services, volumes }: ProjectSpec): { readonly who: string; readonly path: string }[] {
  const ofServices = services.flatMap(({ name, container }) => {
    const mounts = container?.mounts.flatMap(mount => (mount.kind === 'bind' ? [mount.source] : [])) ?? [];
    const build = [container?.build?.context ?? null, container?.build?.dockerfile ?? null].filter(path => path !== null);
    return [...mounts, ...build].map(path => ({ who: name, path }));
  });
  const ofVolumes = volumes.flatMap(({ key, external, options: { device, o = '' } }) =>
    !external && device?.startsWith('/') && /(^|,)r?bind(,|$)/.test(o) ? [{ who: `What uses the volume ${key}`, path: device }] : [],
  );
  return [...ofServices, ...ofVolumes];
}
