import type { UsagePoint } from '../api/advice.js';
import type { EngineInfo } from '../api/engine-info.js';
import type { ContainerSample, ServiceSample } from '../model/container-sample.js';
import type { HostSample } from '../model/host-sample.js';
import type { BuiltImage } from '../model/image-builds.js';
import type { ImageProgress } from '../model/image-progress.js';
import type { EngineEvent, ObservedContainer } from '../model/observed.js';
import type { BuildSpec, ContainerSpec, NetworkSpec, ServiceId, ServiceSpec, VolumeSpec } from '../model/spec.js';
import type { Intent } from '../scheduler/state/intent.js';
import type { Bytes } from '../shared/bytes.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';

/** What a container is created with beyond its spec. */
export interface LaunchOptions {
  /** Hard limit: Memory = MemorySwap. */
  readonly grant: Bytes;
  readonly profile: string;
  readonly projectRoot: string;
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
  /** Anonymous volumes of the container that this one replaces: target path → volume name. */
  readonly carryOver: Readonly<Record<string, string>>;
  /** How it is connected beyond its definition (scheduler/state/wiring), for its label. */
  readonly wiring: string;
}

/** The container engine. Every method rejects with FailureError for an expected failure. */
export interface Containers {
  info(): Promise<EngineInfo>;
  /** All containers with our instance's label, in any state. */
  list(): Promise<readonly ObservedContainer[]>;
  /** null: there is none. */
  inspect(id: string): Promise<ObservedContainer | null>;
  /** TCP ports that an image exposes; null: it is not there. */
  exposedBy(reference: string): Promise<readonly number[] | null>;
  /** Commands that others run in it now (docker exec), by the engine's ids; no health check is among them. */
  sessions(id: string): Promise<readonly string[]>;
  /** Whether what `reference` names now makes the same container as the image with the id that `image` comes to; null: false. */
  sameImage(image: Promise<string | null>, reference: string): Promise<boolean>;
  /** Creates the container, reads its limits back and fails with limit-not-applied when they differ. Resolves to its id. */
  create(spec: ServiceSpec, options: LaunchOptions): Promise<string>;
  /**
   * Fails with port-taken (owner's name and PID where they can be seen), network-clash, config-missing (its network was removed), engine-error, and with path-changed when what it mounts is not
   * what was judged when its project came up. `spec`: what it was made from, where that is known. Started already: no error.
   */
  start(id: string, spec?: ContainerSpec | null): Promise<void>;
  /** Signal, wait up to `timeout`, kill. Not running or gone: no error. */
  stop(id: string, timeout: Ms): Promise<void>;
  /**
   * Sets Memory and MemorySwap of a container, running, paused or stopped, and reads them back. Fails with limit-not-applied when the
   * engine refuses or applies something else: the figures say which limit stands. Lowering below the usage: shrink.ts says what happens.
   */
  resize(id: string, limit: Bytes): Promise<void>;
  /**
   * Lowers it from `from` to `to`, never below `floor`, without risking an OOM kill; `measure`: its working set now. Resolves to the limit
   * that holds in the end, and why it is above `to` (null: it is not).
   */
  shrink(
    id: string,
    change: { readonly from: Bytes; readonly to: Bytes; readonly floor: Bytes },
    measure: () => Bytes | null,
  ): Promise<{ readonly limit: Bytes; readonly reason: string | null }>;
  /** Freezes a running container, its memory kept. Paused already: no error. */
  pause(id: string): Promise<void>;
  /** Not paused: no error. */
  unpause(id: string): Promise<void>;
  /** As Usage.sample, asked of the engine: for where cgroup files cannot be read. Takes up to 1 s; null: not running, or gone. */
  stats(id: string): Promise<ContainerSample | null>;
  /** Removes a stopped container; with its anonymous volumes only when `anonymousVolumes`. Gone already: no error. */
  remove(id: string, options: { anonymousVolumes: boolean }): Promise<void>;
  /** Names of volumes of this project and, of networks, those that carry our instance's label. */
  projectResources(project: string): Promise<{ readonly networks: readonly string[]; readonly volumes: readonly string[] }>;
  /** All networks with our instance's label. */
  networks(): Promise<readonly { readonly project: string; readonly name: string }[]>;
  /** Makes what is missing of a project's networks and volumes, labelled ours. External ones must exist: config-missing. Resolves to the names of the volumes that were missing. */
  ensureResources(project: string, networks: readonly NetworkSpec[], volumes: readonly VolumeSpec[]): Promise<readonly string[]>;
  /** Of these networks the gateways, by the engine's names; a network without one is left out. */
  gateways(
    networks: readonly string[],
  ): Promise<readonly { readonly network: string; readonly address: string; readonly subnets: readonly string[] }[]>;
  /**
   * Connects once from inside a network, in a throw-away container of an image that must be there. Resolves when it has tried, has run for
   * longer than `patience`, or `signal` was aborted; false: it cannot be told, since the image has nothing to connect with.
   */
  connectFrom(
    from: { readonly network: string; readonly image: string },
    target: { readonly address: string; readonly port: number },
    until: { readonly patience: Ms; readonly signal: AbortSignal },
  ): Promise<boolean>;
  /** Completes a port-taken failure with who holds the port, as far as it can be seen. */
  explainPort(hostIp: string, port: number, found: Failure): Promise<Failure>;
  removeNetwork(name: string): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** Runs a command to its end; for health probes. Resolves to its exit code; a command over `timeout` counts as exit 124. */
  probe(id: string, command: readonly string[], timeout: Ms): Promise<number>;
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  /**
   * Runs a command in a throw-away container of the service's image, which must be there: its named volumes writable, no network, no ports, a
   * read-only root, no capabilities, 256 MiB. It is gone when the command has ended or the session is closed.
   */
  beside(spec: ServiceSpec, volumes: readonly VolumeSpec[], options: ExecOptions): Promise<ExecSession>;
  /** Removes what sessions of `beside` of an earlier, killed daemon have left. */
  removeHelpers(): Promise<void>;
  /**
   * Events of our containers from now on, or replayed from `since` (ms since the epoch, the engine's clock; Docker keeps 256).
   * Ends (throws FailureError engine-unavailable) when the engine goes away.
   */
  events(signal: AbortSignal, since?: Ms): AsyncIterable<EngineEvent>;
  close(): void;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Unix time in ms; null: from the start. */
  readonly since: Ms | null;
  readonly tail: number | null;
  readonly signal: AbortSignal;
}
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** As the engine stamps it, ms since the epoch. */
  readonly at: Ms;
  readonly text: string;
}
export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Not in the service's container, which is not woken, but in one of its own (Containers.beside). */
  readonly beside?: boolean;
}
export interface ExecSession {
  /** Writes to the command's stdin. */
  write(data: Uint8Array): void;
  end(): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Output until the command ends; with a TTY everything is stdout. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }>;
  /** Exit code, after `output` has ended. */
  exitCode(): Promise<number>;
  /** Ends the session; the command gets a hang-up. */
  close(): void;
}

export interface ImageRequest {
  /** Tag that the container will run. */
  readonly reference: string;
  readonly build: BuildSpec | null;
  readonly pull: 'missing' | 'always' | 'never' | 'build';
  /** Build again although the content hash is unchanged. */
  readonly rebuild: boolean;
  /** As ContainerSpec.platform; absent or null: the engine's own. */
  readonly platform?: string | null;
  /** What the project builds: the image itself, where another service has its build, and what it is built upon, come first. */
  readonly project?: readonly BuiltImage[];
}
/** Makes images present. */
export interface Images {
  /**
   * Resolves when `reference` can be run. Single flight per reference, one build for one definition; at most 2 at once. Fails: image-missing,
   * image-build-failed, path-changed.
   */
  ensure(request: ImageRequest, onProgress: (progress: ImageProgress) => void): Promise<void>;
}

/** What containers use now. */
export interface Usage {
  /** Usage − inactive file cache, in bytes; null when it cannot be read or the container is gone. */
  workingSet(containerId: string, pid: number | null): Promise<Bytes | null>;
  /**
   * All figures at one moment, from cgroup files kept open; null where they cannot be read. `detailed`: what only people look at too.
   * Synchronous: some 20 µs, and 10 for the detail.
   */
  sample(containerId: string, pid: number, detailed?: boolean): ContainerSample | null;
  /** Forgets a container's open files: they hold its network on to life. Not open: nothing happens. */
  forget(containerId: string): void;
}

/** What a service used in one minute. `at`: when the minute began. */
export interface HistoryPoint extends UsagePoint {
  /** % of one core; null: seen once only. */
  readonly cpu: number | null;
}

/** What services used, minute by minute, over days. */
export interface History {
  /** Counts samples of this moment. Never throws: what cannot be written is logged. */
  add(samples: readonly ServiceSample[]): void;
  /**
   * The minutes of a service since a time (ms since the epoch) that are over, oldest first; those of one `slot` (ms; a minute where absent)
   * joined into a point that weighs as many as it has. The last hour is answered from memory.
   */
  points(id: ServiceId, sinceWall: Ms, slot?: Ms): Promise<readonly HistoryPoint[]>;
  /** Keeps what was seen of the running minute, and ends. */
  close(): void;
}

export interface HostMemory {
  read(): { readonly total: Bytes; readonly available: Bytes };
  /** Synchronous; without the time of the sample. */
  sample(): Omit<HostSample, 'at'>;
  /** What only people look at. Synchronous. */
  detail(): HostDetail;
}

/** What a host is and does beyond its memory. */
export interface HostDetail {
  readonly swapTotal: Bytes;
  readonly swapFree: Bytes;
  readonly cores: number;
  /** Time that all cores have worked, and could have, since boot; in one unit. Null: not known. */
  readonly cpu: { readonly busy: number; readonly all: number } | null;
  /** Of 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
  /** A machine of WSL's. */
  readonly wsl: boolean;
}

export interface Clock {
  /** Monotonic ms: never jumps; what core calls `now`. */
  now(): Ms;
  /** ms since the epoch, for people and for the engine's time stamps. */
  wall(): Ms;
}

/** Keeps the intent. */
export interface Store {
  /**
   * A corrupt file is set aside, reported, and read as empty or as the one before it. Throws FailureError file-refused when something is in its
   * place that this user's daemon has not written.
   */
  load(): { readonly intent: Intent; readonly warning: string | null };
  /** Whole or not at all, synchronous; on a full disk the old state stays and the failure is returned. */
  save(intent: Intent): Failure | null;
  /** Calls back when the disk refuses, a moment later, what `save` has taken. */
  onUnsynced?(listener: (failed: Failure) => void): void;
}

/** Structured log; environment values and secrets never reach it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
