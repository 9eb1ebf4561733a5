import { delimiter, resolve } from 'node:path';

/** Options of the command line; null or empty when not given. Relative paths start at the current folder. */
export interface Flags {
  /** Folder of the project: `--project`. */
  readonly project: string | null;
  /** A folder of profiles, or one profile: `--profiles`. */
  readonly profiles: string | null;
  /** Compose files: `-f`. */
  readonly files: readonly string[];
  /** `-p`. */
  readonly projectName: string | null;
  readonly envFiles: readonly string[];
  readonly composeProfiles: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags with the environment behind them: LAPTOP_DEV_PROJECT, LAPTOP_DEV_PROFILES and Compose's own variables. Paths absolute. */
export function withEnvironment(flags: Flags, environment: Environment, cwd: string): Flags {
  const path = (value: string | null) => (value === null ? null : resolve(cwd, value));
  const paths = (given: readonly string[], variable: readonly string[]) =>
    (given.length > 0 ? given : variable).map(file => resolve(cwd, file));
  return {
    project: path(flags.project ?? set(environment, 'LAPTOP_DEV_PROJECT')),
    profiles: path(flags.profiles ?? set(environment, 'LAPTOP_DEV_PROFILES')),
    files: paths(flags.files, composeFiles(environment)),
    projectName: flags.projectName ?? set(environment, 'COMPOSE_PROJECT_NAME'),
    envFiles: paths(flags.envFiles, listed(set(environment, 'COMPOSE_ENV_FILES'), ',')),
    composeProfiles: flags.composeProfiles.length > 0 ? flags.composeProfiles : listed(set(environment, 'COMPOSE_PROFILES'), ','),
  };
}

/** COMPOSE_FILE, split at COMPOSE_PATH_SEPARATOR, else as PATH is. */
export function composeFiles(environment: Environment): string[] {
  return listed(set(environment, 'COMPOSE_FILE'), set(environment, 'COMPOSE_PATH_SEPARATOR') ?? delimiter);
}

/** A variable that is set to nothing counts as not set, as in Compose. */
function set(environment: Environment, name: string): string | null {
  return environment[name] || null;
}

function listed(text: string | null, separator: string): string[] {
  return (text ?? '')
    .split(separator)
    .map(part => part.trim())
    .filter(part => part !== '');
}
