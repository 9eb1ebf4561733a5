import { fileURLToPath } from 'node:url';
import { findConfiguration } from '../../../daemon/config/project/discovery/find.js';
import { loadProject } from '../../../daemon/config/project/load.js';
import type { ProjectSpec } from '../../../daemon/model/spec.js';

const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url));

/** What `up` would send of the project in `folder`, read in this process: for a test that sends many. */
export async function specIn(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<ProjectSpec> {
  const flags = { project: folder, profiles: null, files: [], projectName: null, envFiles: [], composeProfiles: [] };
  const found = await findConfiguration({ cwd: folder, flags, environment, packageRoot: PACKAGE });
  const { spec, failure } = await loadProject(found, { profile: null, services: null, taken: {} });
  if (!spec) throw new Error(failure?.message);
  return spec;
}
