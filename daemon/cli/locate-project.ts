import { readdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ProjectView } from '../api/contract.js';
import type { ConfigurationQuery, Found } from '../config/project/discovery/find.js';
import type { Flags } from '../config/project/discovery/flags.js';
import { movedProject } from '../config/project/discovery/moved.js';
import type { LoadedProject, LoadOptions } from '../config/project/load.js';
import type { ProjectSpec } from '../model/spec.js';
import { FailureError, failure } from '../shared/failure.js';
import { formatProblem } from '../shared/problem.js';
import { type Cli, remark } from './cli.js';

/** How configuration is looked for. */
export function findOptions({ options, cwd, env, packageRoot }: Cli): ConfigurationQuery {
  const flags: Flags = {
    project: options.project ?? null,
    profiles: options.profiles ?? null,
    files: options.file ?? [],
    projectName: options.projectName ?? null,
    envFiles: options.envFile ?? [],
    composeProfiles: [],
  };
  return { cwd, flags, environment: env, packageRoot };
}

/** Where the configuration is. config/project is loaded late: it brings YAML and zod, 60 ms that most verbs do not need. */
export async function findHere(cli: Cli): Promise<Found> {
  const { findConfiguration } = await import('../config/project/discovery/find.js');
  return findConfiguration(findOptions(cli));
}

/** Reads a project as `loadProject` does, which is loaded late: it brings YAML and the validator of Compose files, half a megabyte of code. */
export async function loadHere(found: Found, options: LoadOptions): Promise<LoadedProject> {
  const { loadProject } = await import('../config/project/load.js');
  return loadProject(found, options);
}

/** The project, resolved, its warnings on stderr. Throws the failure that it has. */
export async function readProject(
  cli: Cli,
  found: Found,
  options: LoadOptions,
): Promise<{ readonly spec: ProjectSpec; readonly leftOut: readonly string[] }> {
  const { spec, failure: wrong, warnings, leftOut } = await loadHere(found, options);
  for (const warning of warnings) remark(cli, `${cli.err.colours.yellow('warning:')} ${formatProblem(warning)}`);
  if (wrong) throw new FailureError(wrong);
  if (!spec) throw new Error('a project without a failure has a spec');
  return { spec, leftOut };
}

/** Name of the project that the command is about, as the daemon knows it; FailureError not-found when it knows none. */
export async function projectOf(cli: Cli): Promise<string> {
  const name = cli.options.projectName ?? cli.env['COMPOSE_PROJECT_NAME'];
  if (name) return name;
  const known = await cli.client.projects();
  const root = await rootOf(cli, known);
  const here = known.filter(project => project.root === root);
  const [only = movedProject(root, known)] = here;
  if (only && here.length <= 1) return only.name;
  throw new FailureError(only ? several(root, here) : nothing(root, known));
}

/**
 * The folder of the configuration: from the current folder upwards the first that has one; a folder that the daemon knows has
 * one. config/project is loaded only if a folder looks as if it had one.
 */
async function rootOf(cli: Cli, known: readonly ProjectView[]): Promise<string> {
  const { project, file, profiles } = cli.options;
  const given = [project, file, profiles, ...NAMING.map(name => cli.env[name])].some(Boolean);
  const roots = new Set(known.map(({ root }) => root));
  let folder = given ? '' : await realpath(cli.cwd);
  while (folder !== '') {
    if (roots.has(folder)) return folder;
    if (await mayHaveConfiguration(folder)) break;
    if (folder === dirname(folder)) return realpath(cli.packageRoot);
    folder = dirname(folder);
  }
  const { root, composeFiles } = await findHere(cli);
  const builtIn = await realpath(cli.packageRoot);
  // A profile of one's own for the built-in stack is that stack.
  return !roots.has(root) && composeFiles === null && roots.has(builtIn) ? builtIn : root;
}

const CONFIGURATION = /^((docker-)?compose\.ya?ml|laptop-dev\.ya?ml|\.laptop-dev|\.env)$/;

async function mayHaveConfiguration(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some(name => CONFIGURATION.test(name));
}

/** Variables that name a place other than the current folder. */
const NAMING = ['LAPTOP_DEV_PROJECT', 'LAPTOP_DEV_PROFILES', 'COMPOSE_FILE'];

function several(root: string, projects: readonly ProjectView[]) {
  const names = projects.map(({ name }) => name);
  return failure('usage', `${root} is known under several names: ${names.join(', ')}.`, { root, projects: names }, [
    '-p NAME chooses one.',
  ]);
}

function nothing(root: string, known: readonly ProjectView[]) {
  const others = known.map(({ name }) => name);
  const remedies = ['laptop-dev up starts it.', ...(others.length > 0 ? [`-p chooses another project: ${others.join(', ')}.`] : [])];
  return failure('not-found', `The daemon knows no project in ${root}.`, { root, projects: others }, remedies);
}
