import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readPinned } from '../../../path-gate/read.js';
import { parseDotenv } from '../../compose/interpolation/dotenv.js';
import { profileFilesIn } from '../../profiles/files.js';
import { composeFiles, type Environment } from './flags.js';

/** Names in the order in which Compose looks for them (compose-go: cli/options.go). */
const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDE_NAMES = ['compose.override.yml', 'compose.override.yaml', 'docker-compose.override.yml', 'docker-compose.override.yaml'];
const SINGLE_NAMES = ['laptop-dev.yaml', 'laptop-dev.yml'];
export const ENV = '.env';
export const PROFILE_FOLDER = '.laptop-dev';
/** An env file of a project is small; what is larger is not read for COMPOSE_FILE. */
const LARGEST_ENV = 256 * 1024;

/** The configuration that lies in one folder. */
export interface FolderContent {
  /** laptop-dev.yaml first, then .laptop-dev/*.yaml by name. Absolute paths. */
  readonly profiles: readonly string[];
  /** Null: no Compose file under a usual name, and none named by COMPOSE_FILE in .env. */
  readonly compose: readonly string[] | null;
  /** The `.env` that names them by COMPOSE_FILE: its variables count for them as well, wherever they lie. Null: they have usual names. */
  readonly envFile: string | null;
}

export async function folderContentOf(folder: string): Promise<FolderContent> {
  const single = await firstFile(folder, SINGLE_NAMES);
  const profiles = [...(single === null ? [] : [single]), ...(await profileFilesIn(join(folder, PROFILE_FOLDER)))];
  const named = composeFiles(envOf(folder)).map(file => resolve(folder, file));
  if (named.length > 0) return { profiles, compose: named, envFile: join(folder, ENV) };
  return { profiles, compose: await usualFiles(folder), envFile: null };
}

/** The Compose file of a folder under its usual name, with its override file. */
async function usualFiles(folder: string): Promise<string[] | null> {
  const main = await firstFile(folder, COMPOSE_NAMES);
  if (main === null) return null;
  const override = await firstFile(folder, OVERRIDE_NAMES);
  return override === null ? [main] : [main, override];
}

async function firstFile(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) if (await isFile(join(folder, name))) return join(folder, name);
  return null;
}

/** Variables of `.env`; what is wrong in it is reported when the Compose files are loaded. */
function envOf(folder: string): Environment {
  const file = join(folder, ENV);
  const found = readPinned(file, LARGEST_ENV);
  return found.ok ? Object.fromEntries(parseDotenv(found.bytes.toString('utf8'), () => undefined).variables) : {};
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  );
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
