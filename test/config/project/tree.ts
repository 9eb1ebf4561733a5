import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Found, findConfiguration } from '../../../daemon/config/project/discovery/find.js';
import type { Environment, Flags } from '../../../daemon/config/project/discovery/flags.js';
import { type LoadedProject, type LoadOptions, loadProject } from '../../../daemon/config/project/load.js';

export const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** A folder with these files (path → text), real path, removed after the test. */
export function tree(files: Readonly<Record<string, string>>): string {
  const root = plant(files);
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

/** The same; whoever calls it removes it. */
export function plant(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'project-')));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const NO_FLAGS: Flags = { project: null, profiles: null, files: [], projectName: null, envFiles: [], composeProfiles: [] };

export function findOptions(cwd: string, flags: Partial<Flags> = {}, environment: Environment = {}) {
  return { cwd, flags: { ...NO_FLAGS, ...flags }, environment, packageRoot: PACKAGE };
}

export function find(cwd: string, flags: Partial<Flags> = {}, environment: Environment = {}): Promise<Found> {
  return findConfiguration(findOptions(cwd, flags, environment));
}

export async function load(
  cwd: string,
  options: Partial<LoadOptions> = {},
  flags: Partial<Flags> = {},
  environment: Environment = {},
): Promise<LoadedProject> {
  return loadProject(await find(cwd, flags, environment), { profile: null, services: null, taken: {}, ...options });
}
