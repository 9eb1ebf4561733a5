import type { Bytes } from '../core/bytes.js';
import type { ContainerSpec, Dependency, Ms, NetworkSpec, Restart, VolumeSpec } from '../core/model.js';
import type { Problem } from '../core/problem.js';

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

/** `x-laptop-dev` of a service, unchecked; what it may hold is the profiles room's business. */
export interface Extension extends Position {
  readonly value: unknown;
  /** Where each value inside stands, by path, as `memory.standard` or `tags[0]`; `''` is the whole. Keys have `KEY#` + path. */
  readonly places: ReadonlyMap<string, Position>;
}

export interface ComposeService {
  readonly name: string;
  readonly container: ContainerSpec;
  readonly dependsOn: readonly Dependency[];
  readonly restart: Restart;
  /** mem_limit or deploy.resources.limits.memory. */
  readonly memoryLimit: Bytes | null;
  /** mem_reservation or deploy.resources.reservations.memory. */
  readonly memoryReservation: Bytes | null;
  /** What its own health check allows until it gives up (start_period + retries × (interval + timeout)); null: it has none. */
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
  /** Files that were read, absolute, in order: a change in one of them can change the project. */
  readonly sources: readonly string[];
}

export interface ComposeResult {
  /** Null exactly when there are problems. */
  readonly project: ComposeProject | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}
