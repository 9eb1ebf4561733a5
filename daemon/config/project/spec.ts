import { folderId } from '../../files/folder-id.js';
import type { ProjectSpec, ServiceSpec } from '../../model/spec.js';
import { isWithin } from '../../shared/paths.js';
import type { ComposeProject } from '../compose/types.js';
import type { Profile } from '../profiles/merge.js';
import type { Found } from './discovery/find.js';
import { withRealDevice } from './services/real-paths.js';

const NO_PROFILE = 'default';

/** A project as the daemon is sent it: its services are resolved, the paths of its volumes and files of values are real ones. */
export function projectSpecOf(
  found: Found,
  compose: ComposeProject,
  services: readonly ServiceSpec[],
  profile: Profile | null,
  files: readonly string[],
): ProjectSpec {
  const outside = outsideOf(found, compose, files);
  return {
    name: compose.name,
    root: found.root,
    profile: profile?.name ?? NO_PROFILE,
    services,
    networks: compose.networks,
    volumes: compose.volumes.map(withRealDevice),
    schedule: profile?.schedule ?? null,
    outside,
    ...folderOf(found),
    readers: outside.length === 0 ? {} : readersOf(compose, outside),
  };
}

/** The built-in stack's folder comes and goes with every install. */
function folderOf(found: Found): { readonly folder?: string } {
  const folder = found.origin === 'built-in' ? null : folderId(found.root);
  return folder === null ? {} : { folder };
}

/**
 * Files outside the project that were read because one of the project's names them: env files, and Compose files of include and extends. What was
 * read is judged, not what a name leads to now. The project's own Compose files and those named by a flag do not count: the user chose them.
 */
function outsideOf(found: Found, { sources, realSources }: ComposeProject, files: readonly string[]): string[] {
  const chosen = new Set([...files, ...(found.envFiles ?? [])]);
  const real = sources.filter(file => !chosen.has(file)).map(file => realSources.get(file) ?? file);
  return [...new Set(real)].filter(file => !isWithin(found.root, file)).sort();
}

function readersOf({ services, realSources }: ComposeProject, outside: readonly string[]): Record<string, string[]> {
  const readers: Record<string, string[]> = {};
  for (const { name, envFiles } of services) {
    const real = envFiles.map(file => realSources.get(file) ?? file);
    const read = [...new Set(real.filter(file => outside.includes(file)))].sort();
    if (read.length > 0) readers[name] = read;
  }
  return readers;
}
