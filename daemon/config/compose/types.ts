import type { ContainerSpec, Dependency, NetworkSpec, Restart, VolumeSpec } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Problem } from '../../shared/problem.js';
import type { Ms } from '../../shared/span.js';

export interface ComposeOptions {
  /** Absolute paths, merged in this order as `-f` after `-f`. */
  readonly files: readonly string[];
  /** Absolute; relative paths in `files` start here. */
  readonly projectDirectory: string;
  /** As given with `-p`; null: COMPOSE_PROJECT_NAME, then `name:`, then the folder. */
  readonly projectName: string | null;
  /** The caller's variables. They win over env files. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; null: `.env` in the project folder when there is one. */
  readonly envFiles: readonly string[] | null;
  /** Absolute; the `.env` beside the caller or beside what named the Compose files. Wins over that of the project folder. */
  readonly outerEnvFiles?: readonly string[];
  /** Active Compose profiles, `*` for all; empty: COMPOSE_PROFILES. */
  readonly profiles: readonly string[];
}

export interface Position {
  /** Absolute path. */
  readonly file: string;
  /** Line and column count from 1. */
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the location of a service (`services`, its name), a network or a volume in the files: of `key` in it, and there of `entry`: a
 * mount's target, a name or text of a list. Falls back to the location of what encloses it; null when the service, network or volume is missing.
 */
export type Locate = (section: 'services' | 'networks' | 'volumes', name: string, key: string, entry: string | null) => Position | null;

/** `x-laptop-dev` of a service, unchecked; what it may hold is the profiles room's business. */
export interface Extension extends Position {
  readonly value: unknown;
  /** Locations of all values inside by path, as `memory.standard` or `tags[0]`; `''` is the whole. Keys have `KEY#` + path. */
  readonly locations: ReadonlyMap<string, Position>;
}

export interface ComposeService {
  readonly name: string;
  readonly container: ContainerSpec;
  /** Files that its `env_file` names, absolute, there or not. */
  readonly envFiles: readonly string[];
  readonly dependsOn: readonly Dependency[];
  readonly restart: Restart;
  /** mem_limit or deploy.resources.limits.memory. */
  readonly memoryLimit: Bytes | null;
  /** mem_reservation or deploy.resources.reservations.memory. */
  readonly memoryReservation: Bytes | null;
  /** The time that its own health check allows, start_period + retries × (interval + timeout); null without a health check. */
  readonly startTimeout: Ms | null;
  /** stop_grace_period. */
  readonly stopTimeout: Ms | null;
  /** It has no containers until it is named: `scale: 0` or `deploy.replicas: 0`. */
  readonly off: boolean;
  /** Given, and here an alias only; null: not given. */
  readonly containerName: string | null;
  readonly extension: Extension | null;
  readonly position: Position;
}

/** Compose files, read: services of active profiles, with the networks and volumes that they use. */
export interface ComposeProject {
  readonly name: string;
  readonly services: readonly ComposeService[];
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
  /** Finds the location of a key or of an entry of it; see Locate. */
  readonly locate: Locate;
  /** Files that were read, absolute, in order: a change in one of them can change the project. */
  readonly sources: readonly string[];
  /** Of each source, the file that was read: links followed. */
  readonly realSources: ReadonlyMap<string, string>;
}

export interface ComposeResult {
  /** Null exactly when there are problems. */
  readonly project: ComposeProject | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}
