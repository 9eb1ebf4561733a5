import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FailureError, failure } from '../../../shared/failure.js';
import { profileFilesIn } from '../../profiles/files.js';
import type { ProfileSources } from '../../profiles/load.js';
import { type ProfileReader, profileReader } from '../../profiles/reader.js';
import { type Environment, type Flags, withEnvironment } from './flags.js';
import { ENV, type FolderContent, folderContentOf, isFile, isFolder, PROFILE_FOLDER } from './folder.js';

export interface ConfigurationQuery {
  /** Absolute. */
  readonly cwd: string;
  readonly flags: Flags;
  readonly environment: Environment;
  /** Folder of laptop-dev itself, with compose/ and profiles/. */
  readonly packageRoot: string;
}

/** Where a project's configuration lies. Its profiles are read on demand, each once, by `sources.read`. */
export interface Found {
  readonly origin: 'profiles' | 'compose' | 'built-in';
  /** Absolute real path: the folder of the configuration. */
  readonly root: string;
  readonly sources: ProfileSources & { readonly read: ProfileReader };
  /** Absolute; null: only a profile can say. */
  readonly composeFiles: readonly string[] | null;
  /** The Compose files were given by flag or environment: they win over those that a profile names. */
  readonly composeGiven: boolean;
  /** Folder that relative paths in the Compose files start at; null: that of the first file. */
  readonly projectDirectory: string | null;
  /** -p or COMPOSE_PROJECT_NAME. */
  readonly projectName: string | null;
  readonly envFiles: readonly string[] | null;
  /** The `.env` from which COMPOSE_FILE came, or beside the caller where it came from the environment: read before that of the project folder, as Compose does. */
  readonly outerEnvFiles: readonly string[];
  readonly composeProfiles: readonly string[];
  readonly environment: Environment;
}

/**
 * Finds the configuration: 1 what flags and environment name; 2 from the current folder upwards the first folder with
 * laptop-dev.yaml, .laptop-dev/*.yaml or a Compose file; 3 the built-in stack. Fails: config-missing.
 */
export async function findConfiguration(options: ConfigurationQuery): Promise<Found> {
  const flags = withEnvironment(options.flags, options.environment, options.cwd);
  const packageRoot = await real(options.packageRoot);
  const builtIn = join(packageRoot, 'profiles');
  const given = await givenProfiles(flags.profiles);
  const folder = await folderOf(flags, await real(options.cwd), given !== null);
  const composeGiven = flags.files.length > 0;
  const read = profileReader();
  const common = {
    composeGiven,
    projectDirectory: flags.project === null ? null : await real(flags.project),
    projectName: flags.projectName,
    envFiles: flags.envFiles.length > 0 ? flags.envFiles : null,
    composeProfiles: flags.composeProfiles,
    environment: options.environment,
  };
  const inPackage = folder?.root === join(packageRoot, 'compose') || folder?.root === packageRoot;
  if (given === null && !composeGiven && (folder === null || (inPackage && folder.content.profiles.length === 0))) {
    const files = await profileFilesIn(builtIn);
    const nothing = { composeFiles: null, projectDirectory: null, outerEnvFiles: [] };
    return { ...common, origin: 'built-in', root: packageRoot, sources: { files, builtIn, read }, ...nothing };
  }
  const files = given ?? folder?.content.profiles ?? [];
  return {
    ...common,
    origin: files.length > 0 ? 'profiles' : 'compose',
    root: folder?.root ?? (await rootOfProfiles(files)),
    sources: { files, builtIn, read },
    composeFiles: composeGiven ? flags.files : (folder?.content.compose ?? null),
    outerEnvFiles: await outerEnvFiles(options, folder, composeGiven),
  };
}

/** `-f` names the folder of its first file as the project's, with the `.env` there; COMPOSE_FILE leaves the one beside its origin in force. */
async function outerEnvFiles(options: ConfigurationQuery, folder: FoundFolder | null, composeGiven: boolean): Promise<readonly string[]> {
  if (!composeGiven) return folder?.content.envFile == null ? [] : [folder.content.envFile];
  const beside = join(options.cwd, ENV);
  return options.flags.files.length === 0 && (await isFile(beside)) ? [beside] : [];
}

interface FoundFolder {
  readonly root: string;
  readonly content: FolderContent;
}

async function folderOf(flags: Flags, cwd: string, profilesGiven: boolean): Promise<FoundFolder | null> {
  if (flags.project !== null) {
    if (!(await isFolder(flags.project))) throw missing(`${flags.project} is not a folder`);
    const root = await real(flags.project);
    const content = await folderContentOf(root);
    const empty = content.profiles.length === 0 && content.compose === null;
    if (empty && flags.files.length === 0 && !profilesGiven) throw missing(`${root} has neither a laptop-dev.yaml nor a Compose file`);
    return { root, content };
  }
  const [first] = flags.files;
  if (first !== undefined) {
    const root = await real(dirname(first));
    return { root, content: await folderContentOf(root) };
  }
  return upwards(cwd);
}

async function upwards(cwd: string): Promise<FoundFolder | null> {
  for (let root = cwd; ; root = dirname(root)) {
    const content = await folderContentOf(root);
    if (content.profiles.length > 0 || content.compose !== null) return { root, content };
    if (root === dirname(root)) return null;
  }
}

async function givenProfiles(path: string | null): Promise<readonly string[] | null> {
  if (path === null) return null;
  if (await isFile(path)) return [path];
  if (!(await isFolder(path))) throw missing(`there are no profiles at ${path}`);
  const files = await profileFilesIn(path);
  if (files.length === 0) throw missing(`the folder ${path} has no profile (*.yaml)`);
  return files;
}

/** The folder of the profiles; for .laptop-dev the one that it lies in. */
async function rootOfProfiles(files: readonly string[]): Promise<string> {
  const folder = await real(dirname(files[0] ?? '/'));
  return basename(folder) === PROFILE_FOLDER ? dirname(folder) : folder;
}

/** The path with links resolved; as it stands where there is nothing. */
async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function missing(message: string): FailureError {
  return new FailureError(failure('config-missing', message));
}
