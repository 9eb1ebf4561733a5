import type { Bytes } from '../../shared/bytes.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { HostFacts } from '../wsl/facts.js';
import type { Wslc } from '../wsl/wslc/wslc.js';
import type { ConfigFile } from '../wsl/wslconfig/file.js';
import type { Check as KeyCheck } from '../wsl/wslconfig/verify.js';
import type { NetworkSeen, RulesSeen } from './firewall.js';

/** A machine as an engine, or this system, describes it; null: not told. */
export interface EngineMachine {
  /** As uname -r. */
  readonly kernel: string | null;
  readonly memory: Bytes | null;
  readonly cpus: number | null;
  readonly name: string | null;
  /** PRETTY_NAME of its os-release. */
  readonly system: string | null;
}

/** Use of all processors together, as shares of 1. */
export interface CpuUse {
  /** By programs, without those that run at a lower priority. */
  readonly user: number;
  /** By programs, kernel and interrupts, and what the host took away. */
  readonly all: number;
  /** Time between the two readings of /proc/stat. */
  readonly over: Ms;
}

/** The engine as it describes itself. */
export interface EngineEvidence {
  readonly kind: 'docker' | 'podman';
  /** As it calls itself: Docker Desktop 4.40.0, Rancher Desktop, else the way by which it was found. */
  readonly product: string;
  readonly endpoint: string;
  readonly version: string;
  readonly cgroup: '1' | '2' | null;
  readonly warnings: readonly string[];
  /** The machine that it says it runs on. */
  readonly machine: EngineMachine;
  /** It runs without root, in a user namespace. */
  readonly rootless: boolean;
  /** Its clock less ours; null: it does not say. */
  readonly drift: Ms | null;
  /** Bytes of images and build cache, and of those that no container uses; null: it does not say in time. */
  readonly images: { readonly total: Bytes; readonly unused: Bytes } | null;
}

export type EngineSeen =
  | { readonly engine: EngineEvidence; readonly failure: null; readonly denied: readonly string[] }
  /** `denied`: sockets that are there and may not be opened. */
  | { readonly engine: null; readonly failure: Failure; readonly denied: readonly string[] };

/** The services that are meant, and what became of their configuration. */
export interface ProjectSeen {
  readonly profile: string;
  readonly standard: Bytes;
  readonly maximum: Bytes;
  /** Host ports of services that do not run now. */
  readonly ports: readonly { readonly service: string; readonly port: number }[];
  readonly services: readonly string[];
  /** As the Compose plugin reads the same files; null: it was not asked, and why. */
  readonly compose: readonly string[] | null;
  readonly composeWhy: string;
}

/** All that the checks judge; gathered beforehand, so that they are pure. */
export interface Evidence {
  readonly now: Ms;
  readonly facts: HostFacts;
  /** `.wslconfig`; null without WSL2, or when its path is not known (`configWhy`). */
  readonly config: ConfigFile | null;
  readonly configWhy: string;
  readonly keys: readonly KeyCheck[];
  /** Files beside it that were meant to be it, such as .wslconfig.txt. */
  readonly stray: readonly string[];
  /** Free memory of Windows; null when Windows could not be asked. */
  readonly windowsFree: Bytes | null;
  /** Load average of 5 minutes. */
  readonly load5: number;
  /** Null: not measured, since no finding rests on it, or /proc/stat cannot be read. */
  readonly cpu: CpuUse | null;
  /** `cgroups=v1` below [automount] in /etc/wsl.conf; `unread`: the line above it at which this version of WSL stops. Null: there is none. */
  readonly cgroupsLine: { readonly line: number; readonly unread: number | null } | null;
  /** WSL's own containers; null: never used, or their files cannot be read (`wslcWhy`). */
  readonly wslc: Wslc | null;
  readonly wslcWhy: string;
  /** This system, in the words in which an engine describes its own. */
  readonly machine: EngineMachine;
  /** The process that used the CPU most since its start; `share` in % of one core. */
  readonly busiest: { readonly name: string; readonly pid: number; readonly share: number } | null;
  /** A systemd unit of the daemon is installed. */
  readonly unit: boolean;
  readonly engine: EngineSeen;
  readonly disks: readonly { readonly path: string; readonly free: Bytes; readonly total: Bytes }[];
  /** TCP ports with a listener. */
  readonly listening: ReadonlySet<number>;
  /** The daemon's socket, with its mode bits; null: there is none. */
  readonly runtime: { readonly path: string; readonly mode: number } | null;
  readonly node: string;
  readonly ours: string;
  /** Version of the daemon that runs; null: none does, or it does not answer. */
  readonly daemon: string | null;
  /** A daemon takes connections and did not answer within `after` ms; `pid` as its lock file has it. */
  readonly hung: { readonly pid: number | null; readonly after: Ms } | null;
  /** Containers of the running daemon that belong to no service; null: not known without it. */
  readonly leftovers: readonly string[] | null;
  /** Networks of ours whose gateway is this machine's, and the rules that stand before it. */
  readonly networks: readonly NetworkSeen[];
  readonly rules: RulesSeen;
  /** Messages of the running daemon about services that other containers do not reach. */
  readonly unreached: readonly string[];
  readonly budget: Bytes;
  readonly project: ProjectSeen | null;
  /** The reason why there is no project; null when there is one, or when there are several profiles and none was named. */
  readonly projectFailure: Failure | null;
}

/** Value of a key of `.wslconfig` that counts; null: not set, or no file. */
export function settingOf({ config }: Pick<Evidence, 'config'>, key: string): string | null {
  return config?.config.effective.get(key)?.value ?? null;
}
