import type { ComposeProject } from '../compose/types.js';
import type { ProjectSpec, ServiceSpec } from '../core/model.js';
import { isWithin } from '../core/paths.js';
import type { Profile } from '../profiles/merge.js';
import type { Found } from './find.js';
import { realOf, withRealDevice } from './real-paths.js';

const NO_PROFILE = 'default';

/** A project as the daemon is sent it: its services are resolved, the paths of its volumes and files of values are real ones. */
export async function projectSpecOf(
  found: Found,
  compose: ComposeProject,
  services: readonly ServiceSpec[],
  profile: Profile | null,
): Promise<ProjectSpec> {
  const outside = await outsideOf(found, compose.sources);
  return {
    name: compose.name,
    root: found.root,
    profile: profile?.name ?? NO_PROFILE,
    services,
    networks: compose.networks,
    volumes: await Promise.all(compose.volumes.map(volume => withRealDevice(volume, found.root))),
    schedule: profile?.schedule ?? null,
    outside,
    readers: outside.length === 0 ? {} : await readersOf(compose, outside),
  };
}

/** Env files that no flag named. Compose files are not counted: what they ask for is judged by itself. */
async function outsideOf(found: Found, sources: readonly string[]): Promise<string[]> {
  const files = sources.filter(file => !/\.ya?ml$/.test(file) && found.envFiles?.includes(file) !== true);
  const real = await Promise.all(files.map(realOf));
  return [...new Set(real.filter(file => !isWithin(found.root, file)))].sort();
}

async function readersOf(compose: ComposeProject, outside: readonly string[]): Promise<Record<string, string[]>> {
  const readers: Record<string, string[]> = {};
  for (const { name, envFiles } of compose.services) {
    const real = await Promise.all(envFiles.map(realOf));
    const read = [...new Set(real.filter(file => outside.includes(file)))].sort();
    if (read.length > 0) readers[name] = read;
  }
  return readers;
}
