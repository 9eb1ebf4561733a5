import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';

/** `project/service`: names one service among all projects of this user. */
export type ServiceId = `${string}/${string}`;

export function serviceId(project: string, service: string): ServiceId {
  return `${project}/${service}`;
}

/** What a service may hold: `standard` is reserved before it starts, `maximum` is the most it is ever granted. */
export interface Memory {
  readonly standard: Bytes;
  readonly maximum: Bytes;
  /** No file names the figures: they are a starting point, and rise with the observed use while the budget has room (scheduler/memory/learned). */
  readonly guessed?: boolean | undefined;
}

/** eager: starts with its profile. on-demand: starts when somebody needs it. manual: starts only when named. */
export type StartMode = 'eager' | 'on-demand' | 'manual';
export type Protocol = 'tcp' | 'http' | 'tls' | 'postgres' | 'redis';
/** Which process settings are fitted to the grant (see model/runtime). */
export type Runtime = 'node' | 'jvm' | 'go' | 'python' | 'postgres' | 'redis' | 'llm';
/** What a dependant waits for: the process runs, its health check passes, or it has exited with 0. */
export type Condition = 'started' | 'healthy' | 'completed';

export interface Dependency {
  readonly service: string;
  readonly condition: Condition;
  /** false: start without it when it is not part of the project or cannot start. */
  readonly required: boolean;
}

/**
 * When an exited container is started again. `on-failure` is also what an absent `restart:` means here: a crash is
 * repaired, an exit with 0 is respected.
 */
export interface Restart {
  readonly policy: 'no' | 'on-failure' | 'always';
  /** null: the daemon's own limit (5 crashes in 10 minutes) alone holds. */
  readonly maxRetries: number | null;
}

/** How the bytes of a warm connection travel: through the daemon, or by a kernel rule past it. auto: the kernel where it can. */
export type CarryPath = 'auto' | 'splice' | 'kernel';

/** How a service is woken and put to sleep, beyond its `idle` time. */
export interface Activation {
  /** Pause it after this long without use, before `idle` stops it; null: it is only stopped. */
  readonly freezeAfter: Ms | null;
  /** A command in the container; while it fails, the service is not stopped for being idle. */
  readonly veto: readonly string[] | null;
  /** A blocked Redis command (BLPOP, a subscription) holds the service. */
  readonly holdBlocked: boolean;
  /** What is asked for over HTTP to see that it is ready; null: its health check, or its ports where it has none. */
  readonly readyPath: string | null;
  readonly path: CarryPath;
  /** Protocols of single ports as a person has written them, by container port. */
  readonly protocols: Readonly<Record<string, Protocol>>;
  /** Where the service's `protocol` is from: a person, what is known of its image, or the number of one of its ports. */
  readonly protocolFrom: 'person' | 'image' | 'port';
}

export const PLAIN_ACTIVATION: Activation = {
  freezeAfter: null,
  veto: null,
  holdBlocked: false,
  readyPath: null,
  path: 'auto',
  protocols: {},
  protocolFrom: 'person',
};

/** When a project comes up and goes down by the clock; cron expressions, local time. */
export interface Schedule {
  readonly up: string | null;
  readonly down: string | null;
}

/** One service as the daemon runs it: the budget from the profile, the container from the Compose file. */
export interface ServiceSpec {
  readonly project: string;
  readonly name: string;
  readonly memory: Memory;
  /** Higher stays longer when memory is short; 0 to 100. */
  readonly priority: number;
  readonly start: StartMode;
  /** Stop after this long without use; null: never. */
  readonly idle: Ms | null;
  readonly activation: Activation;
  /** Of its ports, where nothing more is known of one (model/protocols). */
  readonly protocol: Protocol;
  readonly runtime: Runtime | null;
  readonly dependsOn: readonly Dependency[];
  readonly restart: Restart;
  /** From the start of the container until it must be healthy. */
  readonly startTimeout: Ms;
  /** From the stop signal until the kill. */
  readonly stopTimeout: Ms;
  /** Null for a service that was adopted by its labels alone: it can run and be stopped, but not be created anew. */
  readonly container: ContainerSpec | null;
  /** Hash over `container`, `memory` and `runtime` (see model/config-hash): a change recreates the container. */
  readonly configHash: string;
}

/** A folder with its services, resolved: Compose files merged, profile applied, variables substituted. */
export interface ProjectSpec {
  readonly name: string;
  /** Absolute folder of the configuration. */
  readonly root: string;
  readonly profile: string;
  readonly services: readonly ServiceSpec[];
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
  /** Running hours; null: none. */
  readonly schedule: Schedule | null;
  /** Files outside `root` that were read because one of the project's named them (env_file, include, extends); real paths. */
  readonly outside: readonly string[];
  /** Which of those each service takes values from, by its name; a service that takes none is not there. */
  readonly readers: Readonly<Record<string, readonly string[]>>;
  /** What the folder `root` is known by wherever it is moved to (files/folder-id); absent: not known. */
  readonly folder?: string | undefined;
}

export interface NetworkSpec {
  /** Key in the Compose file. */
  readonly key: string;
  /** Name at the engine. */
  readonly name: string;
  readonly external: boolean;
  readonly driver: string | null;
  readonly internal: boolean;
  readonly subnets: readonly string[];
  /** What the file says of its subnets beyond these; absent: nothing. */
  readonly ranges?: readonly SubnetRange[] | undefined;
  /** Addresses that services have for themselves: nobody else is given one of them, also while its service sleeps. Absent: none. */
  readonly reserved?: readonly string[] | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** An entry of `ipam.config`. */
export interface SubnetRange {
  readonly subnet: string | null;
  /** `ip_range`: what is handed out by turns comes from this part. */
  readonly range: string | null;
  readonly gateway: string | null;
  /** `aux_addresses`: addresses of this network that are somebody else's, by name. */
  readonly aux: Readonly<Record<string, string>>;
}

export interface VolumeSpec {
  readonly key: string;
  readonly name: string;
  readonly external: boolean;
  readonly driver: string | null;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface BuildSpec {
  /** Absolute folder. */
  readonly context: string;
  /** Absolute path of the Dockerfile, or null when `dockerfileInline` has it. */
  readonly dockerfile: string | null;
  readonly dockerfileInline: string | null;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PortSpec {
  /** Address on the host; 127.0.0.1 unless the file says otherwise. */
  readonly hostIp: string;
  /** Null: the engine picks a free port. */
  readonly host: number | null;
  readonly container: number;
  readonly protocol: 'tcp' | 'udp';
}

export type MountSpec =
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly createSource: boolean;
      readonly propagation: string | null;
    }
  | {
      readonly kind: 'volume' /** Key of a VolumeSpec; null: anonymous. */;
      readonly volume: string | null;
      readonly target: string;
      readonly readOnly: boolean;
      readonly noCopy: boolean;
    }
  | {
      readonly kind: 'tmpfs';
      readonly target: string;
      readonly size: Bytes | null;
      readonly mode: number | null;
      readonly options: string | null;
    }
  /** A file with this text, read-only: a secret or config that comes from a variable or stands in the Compose file. `mode`: permission bits. */
  | { readonly kind: 'content'; readonly text: string; readonly target: string; readonly mode: number };

export interface Healthcheck {
  /** As the engine takes it: ['CMD', …] or ['CMD-SHELL', text]; ['NONE'] turns the image's own off. */
  readonly test: readonly string[];
  readonly interval: Ms | null;
  readonly timeout: Ms | null;
  readonly startPeriod: Ms | null;
  readonly startInterval: Ms | null;
  readonly retries: number | null;
}

export interface NetworkAttachment {
  /** Key of a NetworkSpec. */
  readonly network: string;
  readonly aliases: readonly string[];
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

/** What a driver of the engine is asked for (`gpus`, `deploy.resources.reservations.devices`). */
export interface DeviceRequest {
  /** Null: the first driver that has the capabilities. */
  readonly driver: string | null;
  /** -1: all. 0 with `ids`. */
  readonly count: number;
  readonly ids: readonly string[];
  /** All of them are needed: gpu, compute, utility. */
  readonly capabilities: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** A container as the Compose file describes it, in long form, with nothing left to interpolate. No memory figures: those are the budget's. */
export interface ContainerSpec {
  /** What the container runs; for a built service the tag that the build gives. */
  readonly image: string;
  readonly build: BuildSpec | null;
  readonly pull: 'missing' | 'always' | 'never' | 'build';
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly PortSpec[];
  readonly expose: readonly string[];
  readonly mounts: readonly MountSpec[];
  readonly networks: readonly NetworkAttachment[];
  /** null: the networks above; else none, host, service:NAME or container:ID. */
  readonly networkMode: string | null;
  readonly healthcheck: Healthcheck | null;
  readonly user: string | null;
  readonly groupAdd: readonly string[];
  readonly workingDir: string | null;
  readonly hostname: string | null;
  readonly domainname: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | null;
  readonly init: boolean | null;
  readonly tty: boolean;
  readonly stdinOpen: boolean;
  readonly readOnly: boolean;
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** As in the file: HOST:CONTAINER:PERMISSIONS. */
  readonly devices: readonly string[];
  /** Devices that a driver of the engine hands over: GPUs. Absent: none. */
  readonly deviceRequests?: readonly DeviceRequest[];
  /** The engine's program for this container, as nvidia; absent: its standard one. */
  readonly engineRuntime?: string;
  readonly pid: string | null;
  readonly ipc: string | null;
  readonly usernsMode: string | null;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> } | null;
  /** CPU quota in cores, as 1.5. */
  readonly cpus: number | null;
  readonly cpuset: string | null;
  readonly cpuShares: number | null;
  readonly pidsLimit: number | null;
  readonly shmSize: Bytes | null;
  readonly oomScoreAdj: number | null;
  readonly platform: string | null;
}
