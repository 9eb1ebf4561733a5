import { basename, dirname, join } from 'node:path';
import type { ProjectSpec } from '../../model/spec.js';
import { type Failure, failure } from '../../shared/failure.js';
import { isServiceName, SERVICE_NAME_RULE, toProjectName, uniqueProjectName } from '../../shared/names.js';
import { nearestName } from '../../shared/nearest.js';
import { isWithin } from '../../shared/paths.js';
import { formatProblem, type Problem } from '../../shared/problem.js';
import { loadCompose } from '../compose/load.js';
import type { ComposeProject, ComposeResult } from '../compose/types.js';
import type { Profile } from '../profiles/merge.js';
import { chooseProfile, profileFiles } from './discovery/choose.js';
import type { Found } from './discovery/find.js';
import { resolveServices } from './services/services.js';
import { projectSpecOf } from './spec.js';
import { type TrustPoint, trustPoints } from './trust-points.js';

export interface LoadOptions {
  /** Null: the project's default profile. */
  readonly profile: string | null;
  /** Services named on the command line; null: none. They must exist. */
  readonly services: readonly string[] | null;
  /** Projects that the daemon knows, name → root: a name taken by another folder gets a suffix (shared/names). */
  readonly taken: Readonly<Record<string, string>>;
  /** The name of the project that was in this folder when it was elsewhere (moved.ts): it stays, unless another one is written down. */
  readonly moved?: string | null;
}

export interface LoadedProject {
  /** Null exactly when there is a failure. */
  readonly spec: ProjectSpec | null;
  /** config-invalid (with all problems in its message, a cycle of depends_on among them), config-missing or not-found. */
  readonly failure: Failure | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Services of the profile that no Compose file defines. */
  readonly leftOut: readonly string[];
  /** What it asks for beyond its own folder, with the locations: `up` needs --trust for these. */
  readonly trust: readonly TrustPoint[];
  /** Every file that was read, absolute. */
  readonly files: readonly string[];
}

/** Reads a project with one of its profiles and resolves it. Expected failures come back as values; nothing is started. */
export async function loadProject(found: Found, options: LoadOptions): Promise<LoadedProject> {
  const chosen = await chooseProfile(found, options.profile);
  if (chosen.failure !== null) return failed(chosen.failure);
  // Profiles bring a schema that takes longer to load than a Compose file; many projects have none.
  const loaded =
    chosen.file === null
      ? { profile: null, problems: [] }
      : await (await import('../profiles/load.js')).loadProfile(chosen.file, found.sources);
  if (loaded.problems.length > 0) return invalid(loaded.problems, []);
  const { profile } = loaded;
  const files = composeFilesOf(found, profile);
  if (files === null) {
    const where = profile === null ? found.root : profile.file;
    return failed(failure('config-missing', `${where} names no Compose file (compose:), and ${found.root} has none under a usual name`));
  }
  const located = { ...found, root: rootOf(found, files) };
  const compose = await readCompose(located, files, profile, options);
  if (compose.result.project === null) return invalid(compose.result.problems, compose.result.warnings);
  const resolving = { ...options, active: compose.active, warnings: compose.result.warnings, composeFiles: files };
  return resolve(located, compose.result.project, profile, resolving);
}

/**
 * 1 given by flag or environment; 2 named by the profile or one of the project's that it extends; 3 beside it under a
 * usual name; 4 named by a built-in profile that it extends: `extends: base` is for the figures.
 */
function composeFilesOf(found: Found, profile: Profile | null): readonly string[] | null {
  if (found.composeGiven || profile === null) return found.composeFiles;
  const foreign = profile.composeFrom !== null && found.origin !== 'built-in' && dirname(profile.composeFrom) === found.sources.builtIn;
  return foreign ? (found.composeFiles ?? profile.compose) : (profile.compose ?? found.composeFiles);
}

/** The user's own profile for the built-in stack is still that stack: one project, with its data, that needs no trust. */
function rootOf(found: Found, files: readonly string[]): string {
  const packageRoot = dirname(found.sources.builtIn);
  return files.every(file => isWithin(join(packageRoot, 'compose'), file)) ? packageRoot : found.root;
}

/**
 * A profile that names services decides what is active, so all Compose profiles are loaded for it. Without, they are
 * those asked for; a service that is named on the command line is there whatever its Compose profile (as in Compose).
 */
async function readCompose(
  found: Found,
  files: readonly string[],
  profile: Profile | null,
  options: LoadOptions,
): Promise<{ result: ComposeResult; active: ReadonlySet<string> }> {
  const all = profile !== null && profile.listed.size > 0;
  const read = (name: string | null, profiles: readonly string[]) =>
    loadCompose({
      files,
      projectDirectory: found.projectDirectory ?? dirname(files[0] ?? found.root),
      projectName: name,
      environment: found.environment,
      envFiles: found.envFiles,
      outerEnvFiles: found.envFiles === null ? found.outerEnvFiles : [],
      profiles,
    });
  let result = await read(found.projectName, all ? ['*'] : found.composeProfiles);
  if (result.project === null) return { result, active: new Set() };
  const active = new Set(result.project.services.map(service => service.name));
  // A name that was given stands: whether it clashes is for the daemon to say.
  const name =
    found.projectName ??
    movedName(result.project.name, found, files, options) ??
    uniqueProjectName(result.project.name, found.root, options.taken);
  const missing = options.services?.some(service => !active.has(service)) === true;
  if (name !== result.project.name || missing) result = await read(name, all || missing ? ['*'] : found.composeProfiles);
  return { result, active };
}

/** A name that is written down (`name:`, COMPOSE_PROJECT_NAME) is meant; one that the folder gives changes with every move. */
function movedName(name: string, found: Found, files: readonly string[], { moved = null }: LoadOptions): string | null {
  const ofFolder = toProjectName(basename(found.projectDirectory ?? dirname(files[0] ?? found.root)));
  return name === moved || name === ofFolder ? moved : null;
}

interface Resolving extends LoadOptions {
  readonly active: ReadonlySet<string>;
  readonly warnings: readonly Problem[];
  /** Those that the project is made of, before what they include and extend. */
  readonly composeFiles: readonly string[];
}

async function resolve(found: Found, compose: ComposeProject, profile: Profile | null, options: Resolving): Promise<LoadedProject> {
  const resolved = await resolveServices(compose, profile, options.active, { project: compose.name, root: found.root });
  const warnings = [...options.warnings, ...resolved.warnings];
  const problems = [...badNames(compose), ...resolved.problems];
  if (problems.length > 0) return invalid(problems, warnings);
  const wrong = await unknownWord(found, compose, options.services ?? []);
  if (wrong !== null) return { ...failed(wrong), warnings };
  const spec = projectSpecOf(found, compose, resolved.services, profile, options.composeFiles);
  const trust = trustPoints(spec, compose);
  return {
    spec,
    failure: null,
    problems: [],
    warnings,
    leftOut: resolved.leftOut,
    trust,
    files: [...compose.sources, ...(profile?.files ?? [])],
  };
}

/** A word that names no service was not a profile either: those have been taken out before. */
async function unknownWord(found: Found, compose: ComposeProject, wanted: readonly string[]): Promise<Failure | null> {
  const services = compose.services.map(service => service.name);
  const unknown = wanted.find(name => !services.includes(name));
  if (unknown === undefined) return null;
  const profiles = [...(await profileFiles(found)).keys()];
  const nearest = nearestName(unknown, [...services, ...profiles]);
  const message = `No service is called ${unknown}: there are ${services.join(', ')}${profiles.length > 0 ? `; profiles are ${profiles.join(', ')}` : ''}`;
  const remedies = nearest === null ? [] : [`Did you mean ${nearest}?`];
  return failure('not-found', message, { services, profiles, nearest }, remedies);
}

function badNames(compose: ComposeProject): Problem[] {
  return compose.services
    .filter(service => !isServiceName(service.name))
    .map(({ name, position }) => ({
      ...position,
      key: `services.${name}`,
      message: 'not a name that laptop-dev can use',
      expected: SERVICE_NAME_RULE,
      nearest: null,
    }));
}

function failed(value: Failure): LoadedProject {
  return { spec: null, failure: value, problems: [], warnings: [], leftOut: [], trust: [], files: [] };
}

function invalid(problems: readonly Problem[], warnings: readonly Problem[]): LoadedProject {
  const lines = problems.map(formatProblem);
  const count = problems.length === 1 ? 'One mistake' : `${problems.length} mistakes`;
  return { ...failed(failure('config-invalid', `${count} in the configuration:\n${lines.join('\n')}`, { problems })), problems, warnings };
}
