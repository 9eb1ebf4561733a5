import type { ProjectSpec } from '../model/spec.js';
import type { Failure } from '../shared/failure.js';
import type { EngineInfo } from './engine-info.js';
import type { LoggedNotice } from './notice.js';
import type { Plan } from './plan.js';
import type { ServiceView } from './views.js';

/** What the API speaks, as types and constants without a library; server/schema says the same of requests in zod, and tests tie the two. */

/** The Host header of our own clients: a word that no browser can be made to send. */
export const HOST = 'laptop-dev';
export const NDJSON = 'application/x-ndjson';
/** First byte of a binary frame of an exec session. */
export const FRAME = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** Close code of /v1/stream (for private use, RFC 6455 7.4.2): the reader was too slow. It may come again and begins with a snapshot. */
export const CLOSED_TOO_SLOW = 4008;

export type Envelope<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly error: Failure };

/** How a mutation is answered. */
interface Manner {
  /** Decide only: nothing changes. */
  readonly dryRun?: boolean;
  /** Stay until the goal is reached or cannot be; the answer is NDJSON of WorkLine. */
  readonly wait?: boolean;
  /** Longest wait in ms; null or absent: as long as the services themselves may take. */
  /** With wait: how long a service that cannot be asked whether it is ready has to run before it counts as up, ms. */
  readonly settle?: number;
  readonly waitTimeout?: number | null;
}
export interface UpBody extends Manner {
  readonly spec: ProjectSpec;
  /** null: all of the profile. */
  readonly services: readonly string[] | null;
  readonly recreate?: boolean;
  /** Accept the risks of exactly this content, now and later. */
  readonly trust?: boolean;
}
export interface DownBody extends Manner {
  readonly volumes?: boolean;
}
export interface ServicesBody extends Manner {
  /** Empty: all of the project. */
  readonly services: readonly string[];
}
export interface CleanBody {
  readonly project: string;
  readonly volumes?: boolean;
  readonly dryRun?: boolean;
}
export interface LeaseBody extends Manner {
  /** Chosen by the client, so that it can be given again: the same id is the same lease. */
  readonly id: string;
  readonly services: readonly string[];
  /** ms until it ends unless it is renewed. */
  readonly ttl: number;
  readonly note: string;
}
export interface PinBody extends Manner {
  readonly services: readonly string[];
  /** ms; null or absent: until it is taken away. */
  readonly ttl?: number | null;
}
export interface RenewBody {
  readonly id: string;
  readonly ttl: number;
}
export interface ReleaseBody {
  readonly id: string;
}
export interface BudgetBody {
  /** null: the usual one. */
  readonly bytes: number | null;
  readonly dryRun?: boolean;
}
export interface OpenWebBody {
  /** null or absent: a free one. */
  readonly port?: number | null;
}
export type EmptyBody = Readonly<Record<string, never>>;

/** The bodies of all mutations, by the name of their schema. */
export interface Bodies {
  readonly Up: UpBody;
  readonly Down: DownBody;
  readonly Services: ServicesBody;
  readonly Clean: CleanBody;
  readonly Lease: LeaseBody;
  readonly Pin: PinBody;
  readonly Renew: RenewBody;
  readonly Release: ReleaseBody;
  readonly SetBudget: BudgetBody;
  readonly OpenWeb: OpenWebBody;
  readonly Empty: EmptyBody;
}

/** Answer of a mutation that does not wait. */
export interface Accepted {
  readonly plan: Plan;
}
/** One line of the answer of a mutation that waits: the plan first, the result last. */
export type WorkLine =
  | { readonly type: 'plan'; readonly plan: Plan }
  | { readonly type: 'notice'; readonly notice: LoggedNotice }
  | WorkResult;
export type WorkResult =
  | { readonly type: 'result'; readonly ok: true; readonly services: readonly ServiceView[] }
  | { readonly type: 'result'; readonly ok: false; readonly services: readonly ServiceView[]; readonly error: Failure };

export interface VersionView {
  readonly version: string;
  readonly pid: number;
  readonly instance: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly engine: EngineInfo | null;
}
export interface ProjectView {
  readonly name: string;
  readonly root: string;
  readonly profile: string;
  /** As in ProjectSpec; absent: not known. */
  readonly folder?: string | undefined;
}
export interface WhyView {
  readonly service: ServiceView;
  /** The last notices about it, oldest first. */
  readonly notices: readonly LoggedNotice[];
}
/** Spans of a service's history that have a name: with the slots that a chart of it needs. */
export type HistorySpanName = '1m' | '15m' | '24h';
/** One line of a service's log. `at`: ms since the epoch. */
export interface LogEntry {
  readonly service: string;
  /** notice: not of the service, but what happened to it, in a followed log: that it fell asleep, or runs again. */
  readonly stream: 'stdout' | 'stderr' | 'notice';
  readonly at: number;
  readonly text: string;
}
/** The web view's port, and a link to it that can be opened once. */
export interface WebOpened {
  readonly url: string;
  readonly port: number;
  /** ms. */
  readonly expiresIn: number;
}
export interface WebClosed {
  /** Whether it was open. */
  readonly closed: boolean;
}
/** What a link's token is exchanged for. */
export interface WebSession {
  readonly token: string;
}

/** First text frame of an exec session, from the client. */
export interface ExecStart {
  readonly start: {
    readonly command: readonly string[];
    readonly tty: boolean;
    readonly user?: string | null;
    readonly workingDir?: string | null;
    readonly environment?: Readonly<Record<string, string>>;
    /** In a throw-away container of the service's image, its named volumes writable; the service is not woken. Absent: false. */
    readonly beside?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
}
/** Last text frame, from the daemon. */
export type ExecEnd = { readonly exit: number } | { readonly error: Failure };

export interface Cleaned {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}
