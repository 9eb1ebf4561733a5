import type { Bytes } from '../shared/bytes.js';
import { KiB } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import type { Memory, StartMode } from './spec.js';

/** Times that neither image nor file give are null. */
export interface ContainerCheck {
  /** The command as it is run, a shell's with the image's own shell. */
  readonly command: readonly string[];
  readonly interval: Ms | null;
  readonly timeout: Ms | null;
  readonly startPeriod: Ms | null;
  readonly retries: number | null;
}

/** One container of ours as the engine shows it, reduced to what decisions need. */
export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly profile: string;
  /** Folder of its project, from its label; empty when it has none. */
  readonly root: string;
  readonly configHash: string;
  /** How it was connected beyond its definition when it was made (scheduler/state/wiring). */
  readonly wiring: string;
  /** Id of the image that it was made from. */
  readonly image: string;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** null unless exited. */
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Main process on the engine's host; null when not running. */
  readonly pid: number | null;
  /** The hard limit in force (inspect's Memory), 0: unlimited. */
  readonly limit: Bytes;
  /** From labels, for adoption without a definition. */
  readonly memory: Memory;
  readonly priority: number;
  readonly start: StartMode;
  /** Names of services in the same project, from labels. */
  readonly dependsOn: readonly string[];
  readonly startedAt: Ms | null;
  readonly ports: readonly {
    readonly hostIp: string;
    readonly host: number;
    readonly container: number;
    readonly protocol: 'tcp' | 'udp';
  }[];
  /** TCP ports that its image or its file expose. */
  readonly exposed: readonly number[];
  /** The health check that the engine has for it, from its image and its file; null: none, or it is off. */
  readonly check: ContainerCheck | null;
  /** Address in the project's network; null when there is none. */
  readonly ip: string | null;
  /** Of the network that `ip` is of. */
  readonly gateway: string | null;
  /** The signal that the engine stops it with. */
  readonly stopSignal: number;
  /** Ids of the commands that others run in it (docker exec), as far as the engine tells; no health check is among them. */
  readonly sessions: readonly string[];
  /** Anonymous volumes: target path → volume name. */
  readonly anonymousVolumes: Readonly<Record<string, string>>;
}

/** What the engine said about one of our containers. `at`: the engine's clock, ms since the epoch. */
export type EngineEvent =
  | { readonly kind: 'created'; readonly id: string; readonly at: Ms }
  | { readonly kind: 'started'; readonly id: string; readonly at: Ms }
  | { readonly kind: 'died'; readonly id: string; readonly at: Ms; readonly exitCode: number }
  /** Some process of the container was killed at its limit, the main one or a child. */
  | { readonly kind: 'oom'; readonly id: string; readonly at: Ms }
  /** A signal was sent through the engine's API. */
  | { readonly kind: 'killed'; readonly id: string; readonly at: Ms; readonly signal: number }
  /** After its end: the engine was asked to stop it, whatever signals that took. Docker says so of a restart too. */
  | { readonly kind: 'stopped'; readonly id: string; readonly at: Ms }
  /** A command that somebody else runs in it, and no health check, began or ended; `exec`: the engine's id of it. */
  | { readonly kind: 'execStarted' | 'execEnded'; readonly id: string; readonly at: Ms; readonly exec: string }
  /** The engine's own health check of it began or ended. No use of it, and nothing that decisions need: its work is left out of the figures. */
  | { readonly kind: 'checkStarted' | 'checkEnded'; readonly id: string; readonly at: Ms; readonly exec: string }
  | { readonly kind: 'health'; readonly id: string; readonly at: Ms; readonly health: 'starting' | 'healthy' | 'unhealthy' }
  | { readonly kind: 'paused' | 'unpaused' | 'updated' | 'destroyed'; readonly id: string; readonly at: Ms };

/** The kernel rounds limits down to whole pages, the largest of which are 64 KiB (arm64). */
const LARGEST_PAGE = 64 * KiB;

/** Whether a limit that the kernel shows is the one that was asked for, but for the rounding. */
export function sameLimit(applied: Bytes, asked: Bytes): boolean {
  return applied === asked || (applied < asked && asked - applied < LARGEST_PAGE);
}
