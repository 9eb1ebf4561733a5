import type { Bytes } from './bytes.js';
import type { Problem } from './problem.js';
import type { Ms } from './span.js';

/**
 * What programs may read of a failure, by its code: the fields of `details`. docs/errors.md lists them; a test ties them. A field that is not
 * there in every case of a code is optional; null: it was looked for, and is not known. Sizes in bytes, spans in ms, as their types say.
 */
export interface FailureDetails {
  readonly internal: {
    readonly file?: string;
    /** The system's name of what went wrong, as EIO. */
    readonly cause?: string | null;
    /** Kind of the job of images that ended without an answer. */
    readonly job?: string;
    /** A failure from outside that this version does not know, as it came. */
    readonly foreign?: unknown;
  };
  readonly usage: {
    readonly file?: string;
    readonly cause?: string | null;
    /** The schema of docs/openapi.json that the body does not fit. */
    readonly schema?: string;
    /** The shortest or longest pace that a stream may have, ms. */
    readonly every?: Ms;
    readonly root?: string | null;
    readonly here?: string;
    readonly service?: string;
    readonly services?: readonly string[];
    readonly projects?: readonly string[];
    readonly presets?: readonly string[];
    readonly nearest?: string | null;
  };
  readonly 'request-refused': CommonDetails;
  readonly unauthorized: CommonDetails;
  readonly 'media-type': CommonDetails;
  readonly 'too-large': CommonDetails;
  readonly 'too-busy': {
    /** How many there may be at once. */
    readonly most?: number;
  };
  readonly 'not-found': EngineRefusal & {
    readonly project?: string;
    readonly service?: string;
    /** Names that were asked for and are not there. */
    readonly missing?: readonly string[];
    /** Names that are. */
    readonly known?: readonly string[];
    readonly services?: readonly string[];
    readonly profiles?: readonly string[];
    readonly projects?: readonly string[];
    readonly models?: readonly string[];
    readonly nearest?: string | null;
    /** Where a project was looked for. */
    readonly root?: string;
    readonly file?: string;
    /** The folder without an earlier version of .wslconfig. */
    readonly history?: string;
  };
  readonly 'config-invalid': {
    /** All mistakes of all files. */
    readonly problems?: readonly Problem[];
    /** The daemon's environment variable. */
    readonly variable?: string;
    readonly file?: string;
    readonly cause?: string | null;
    /** Where the file, a link, leads. */
    readonly target?: string;
    readonly service?: string;
    readonly network?: string;
    readonly address?: string;
    readonly cpuset?: string;
    /** CPUs that the engine has. */
    readonly available?: number;
    /** The budget that was asked for, the least and the most that it may be, and what the host has. */
    readonly bytes?: Bytes;
    readonly least?: Bytes;
    readonly most?: Bytes;
    readonly total?: Bytes;
  };
  readonly 'config-missing': EngineRefusal & {
    readonly network?: string;
    readonly volume?: string;
    readonly project?: string;
    readonly service?: string;
    /** The folder that an image is built from. */
    readonly context?: string;
    readonly root?: string;
    /** Paths below the root that the service uses. */
    readonly used?: readonly string[];
    readonly profile?: string;
    readonly profiles?: readonly string[];
    readonly nearest?: string | null;
    /** Files that .wslconfig may be, and where drive C is mounted. */
    readonly candidates?: readonly string[];
    readonly mount?: string;
  };
  readonly 'not-written': {
    readonly file: string;
    readonly cause: string | null;
    /** What the file system has left, and its size. */
    readonly free?: Bytes;
    readonly size?: Bytes;
  };
  readonly 'file-refused': { readonly file: string };
  readonly cycle: {
    /** Services, the first again at the end. */
    readonly cycle: readonly string[];
  };
  readonly 'daemon-unavailable': {
    readonly socket?: string;
    /** The system's name of what went wrong, as ECONNREFUSED; ETIMEDOUT: it took the connection and is silent. */
    readonly code?: string | null;
    /** With ETIMEDOUT: how long was waited, ms. With `needed`: open files that a program may have. */
    readonly limit?: number;
    readonly needed?: number;
    readonly pid?: number | null;
    /** UID. */
    readonly user?: number | null;
    readonly program?: string | null;
    /** In the abstract namespace. */
    readonly name?: string;
    readonly path?: string;
    /** Where the daemon's own last words are. */
    readonly log?: string;
    readonly runtimeDir?: string;
    readonly stateDir?: string;
    readonly stateFile?: string;
    readonly tickFile?: string;
    readonly lockFile?: string;
    readonly holdsFile?: string;
    readonly historyDir?: string;
    readonly logFile?: string;
    readonly startLog?: string;
  };
  readonly 'daemon-running': { readonly pid: number | null };
  readonly 'engine-unavailable': EngineRefusal & {
    readonly endpoint?: string;
    /** The folder without the files for TLS. */
    readonly folder?: string;
    /** The system's name of what went wrong, as ENOENT, and its words. */
    readonly errno?: string;
    readonly text?: string;
    /** The kind of engine that was asked for. */
    readonly choice?: string | null;
    /** Where one was looked for. */
    readonly tried?: readonly EngineAttempt[];
  };
  readonly 'engine-error': EngineRefusal & {
    readonly reference?: string;
    /** The container has no such program. */
    readonly program?: 'missing';
  };
  readonly 'engine-timeout': {
    /** The call. */
    readonly what?: string;
    /** How long was waited, ms. */
    readonly limit?: Ms;
  };
  readonly 'over-budget': {
    /** What would have to be free, and what is. */
    readonly need?: Bytes;
    readonly free?: Bytes;
    readonly budget?: Bytes;
    /** Of a budget that was asked for: what is granted already. */
    readonly granted?: Bytes;
    readonly needs?: readonly MemoryNeed[];
    readonly holders: readonly (RefusalHolder | GrantHolder)[];
  };
  readonly 'host-memory': {
    readonly need?: Bytes;
    /** What the service holds by now. */
    readonly free?: Bytes;
    readonly available?: Bytes | null;
    readonly total?: Bytes;
  };
  readonly 'kernel-path': {
    /** Of nft. */
    readonly exitCode?: number;
    readonly stderr?: string;
    readonly bridges?: readonly string[];
    readonly services?: readonly string[];
  };
  readonly 'port-taken': EngineRefusal & {
    /** Empty: every address. */
    readonly hostIp?: string;
    readonly port?: number;
    /** Who wants it. */
    readonly service?: string | null;
    /** EADDRINUSE, EACCES …, where the daemon wanted to listen itself. */
    readonly cause?: string;
    /** Who has it: a process, a container, another service (PROJECT/SERVICE); of another daemon its user, project and `service`. */
    readonly pid?: number | null;
    readonly process?: string | null;
    readonly user?: string;
    readonly project?: string | null;
    readonly container?: string;
    readonly managed?: boolean;
    readonly owner?: string;
  };
  readonly 'name-taken': EngineRefusal & {
    readonly name?: string;
    /** The container that has the name, as the engine's words have it; `id` is the one that was found. */
    readonly holder?: string;
    readonly id?: string;
    readonly image?: string;
    readonly project?: string | null;
    /** Of a model: what is there. */
    readonly bytes?: Bytes;
    readonly sha256?: string | null;
  };
  readonly 'network-clash': EngineRefusal & {
    readonly network?: string;
    readonly project?: string;
    readonly owner?: string | null;
    readonly subnet?: string;
    /** The network that is in the way. */
    readonly other?: string;
    readonly subnets?: readonly string[];
    /** How many have a subnet, and how many of those are laptop-dev's. */
    readonly networks?: number;
    readonly ours?: number;
  };
  readonly 'volume-clash': { readonly volume: string; readonly project: string; readonly owner: string | null };
  readonly 'limit-not-applied': {
    readonly service: string;
    /** The engine's name of it, as MemorySwap. Memory in bytes, NanoCpus in CPUs / 10⁹. */
    readonly limit?: string;
    readonly wanted?: number;
    readonly applied?: number;
    /** The engine's words. */
    readonly engine?: string;
    /** What the container uses; null: the engine did not say. */
    readonly usage?: Bytes | null;
  };
  readonly 'gpu-unavailable': EngineRefusal;
  readonly 'image-missing': EngineRefusal & {
    readonly reference?: string;
    readonly registry?: string;
    /** `no-registry`: it does not answer; `refused`: it says no; `never`: pull_policy; `not-root`: the base image cannot be made. */
    readonly reason?: 'no-registry' | 'refused' | 'never' | 'not-root';
  };
  readonly 'image-build-failed': {
    readonly reference?: string;
    readonly path?: string;
    readonly errno?: string;
    /** References, the first again at the end. */
    readonly circle?: readonly string[];
    readonly error?: string;
    /** The last lines of the build. */
    readonly lines?: readonly string[];
  };
  readonly unhealthy: {
    /** ms. */
    readonly startTimeout?: Ms;
    /** null: the check could not be run, or did not end. */
    readonly checkExit?: number | null;
    /** The program that the check needs. */
    readonly missing?: string;
    /** PROJECT/SERVICE, and where it was not reached. */
    readonly service?: string;
    readonly host?: string;
    readonly port?: number;
  };
  readonly exited: EngineRefusal & ExitDetails;
  readonly 'crash-loop': ExitDetails;
  readonly 'out-of-memory': EngineRefusal &
    ExitDetails & {
      /** What it had, and what it may have. */
      readonly limit?: Bytes;
      readonly maximum?: Bytes;
    };
  readonly 'dependency-failed': { readonly dependency: string };
  readonly timeout: {
    /** ms; null: as long as it takes. */
    readonly waitTimeout?: Ms | null;
    /** PROJECT/SERVICE. */
    readonly services?: readonly string[];
    readonly pid?: number;
    /** Of a model: how much of it came. */
    readonly at?: Bytes;
    readonly bytes?: Bytes;
  };
  readonly 'model-refused': {
    /** Keys that it lacks. */
    readonly missing?: readonly string[];
    readonly bytes?: Bytes;
    readonly needed?: Bytes;
    /** The file ends in the middle of its header. */
    readonly cut?: boolean;
    readonly sha256?: string;
    readonly wanted?: string;
  };
  readonly 'model-too-large': {
    readonly need?: Bytes;
    /** Of the service. */
    readonly maximum?: Bytes;
    /** The context it was computed with, tokens. */
    readonly context?: number;
    /** Of the volume of the models. */
    readonly free?: Bytes;
  };
  readonly 'download-failed': {
    readonly at?: Bytes;
    readonly bytes?: Bytes;
    /** Of HTTP. */
    readonly status?: number;
  };
  readonly 'not-wsl': { readonly kernel: string; readonly kind: string };
  readonly 'preset-too-small': {
    readonly preset: string;
    readonly memory: Bytes;
    readonly need: Bytes;
    readonly profile: string;
    /** A profile that fits. */
    readonly fits: string | null;
  };
  readonly 'wsl-pending': { readonly file: string; readonly checks: readonly WslCheck[] };
  readonly 'not-trusted': {
    readonly risks: readonly TrustPoint[];
    /** Services that reach the risky ones. */
    readonly reach: readonly { readonly service: string; readonly by: string }[];
    /** Those of `risks` that were not there when it was trusted. */
    readonly new: readonly TrustPoint[];
    readonly changed: readonly string[];
  };
  readonly 'path-changed': {
    readonly path?: string;
    /** Where it leads; null: it cannot be looked at. */
    readonly real?: string | null;
    readonly root?: string;
    /** The container that could change it. */
    readonly writer?: string;
  };
  readonly cancelled: {
    readonly project?: string;
    /** Of a model: how much of it is kept. */
    readonly at?: Bytes;
  };
}

/** What any failure may have. */
export interface CommonDetails {
  /** What the container, or its health check, wrote last. */
  readonly lastLines?: readonly string[];
}

/** Of a call that the engine refused. */
export interface EngineRefusal {
  /** The call. */
  readonly what?: string;
  /** Of HTTP; null: it was not over HTTP. */
  readonly status?: number | null;
  /** Its own words. */
  readonly engine?: string;
}

interface ExitDetails {
  readonly exitCode?: number;
  /** The language model that was loaded or being loaded. */
  readonly model?: string;
}

interface EngineAttempt {
  readonly source: string;
  readonly endpoint: string;
  readonly reason: string;
}

interface MemoryNeed {
  readonly service: string;
  readonly standard: Bytes;
  readonly maximum: Bytes;
}

/** Who holds memory that a start, or a service's own request, would need. */
export interface RefusalHolder extends MemoryNeed {
  readonly project: string;
  readonly state: string;
  readonly grant: Bytes;
  /** null: not measured. */
  readonly workingSet: Bytes | null;
  /** ms; null: it does not run. */
  readonly idleFor: Ms | null;
  /** Why it does not give way; null: it could. */
  readonly keptBecause: string | null;
}

/** Who holds memory that a smaller budget would need. */
interface GrantHolder {
  /** PROJECT/SERVICE. */
  readonly id: string;
  readonly grant: Bytes;
  readonly keptBecause: string | null;
}

interface WslCheck {
  readonly key: string;
  readonly line: number;
  readonly wanted: string;
  readonly found: string | null;
  readonly state: string;
}

interface TrustPoint {
  readonly service: string;
  readonly what: string;
  readonly why: string;
}
