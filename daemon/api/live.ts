import type { Psi } from '../model/host-sample.js';
import type { ServiceId } from '../model/spec.js';
import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import type { HistorySpan } from './live-history.js';
import type { LoggedNotice } from './notice.js';
import type { ServiceView } from './views.js';

/** What a service that runs used when it was last measured. Rates are over the time between its last two samples; null: not known. */
export interface LiveUsage {
  /** Usage − inactive file cache. */
  readonly workingSet: Bytes;
  /** Everything that counts against the limit, cache included: what the OOM killer acts on. */
  readonly usage: Bytes | null;
  /** % of one core. */
  readonly cpu: number | null;
  /** Bytes a second. */
  readonly netIn: number | null;
  readonly netOut: number | null;
  readonly blockIn: number | null;
  readonly blockOut: number | null;
  readonly pids: number | null;
  /** Pressure stall information of its memory, in % of the last 10 s. */
  readonly psi: Psi | null;
}

/** What a service has used since it began to run: counters, for those who make rates themselves. null: not known. */
export interface LiveTotals {
  /** CPU time in ns, over all cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly netIn: number | null;
  readonly netOut: number | null;
  readonly blockIn: number | null;
  readonly blockOut: number | null;
}

/** A service as the stream shows it. */
export interface LiveService extends ServiceView {
  readonly id: ServiceId;
  /** null: it does not run, or has not been measured. */
  readonly usage: LiveUsage | null;
  /** Connections through its listeners that wait or have sent data. */
  readonly connections: number;
  /** Where it stands among those that would go under pressure, and what its stop frees; null: it is not one of them. First: 1. */
  readonly next: { readonly rank: number; readonly frees: Bytes } | null;
  /** Why it would not be stopped for another; null: it would, or it holds nothing. */
  readonly protectedBy: string | null;
  readonly pinned: boolean;
  /** When it began to run, ms since the epoch; null: it does not. */
  readonly since: Ms | null;
  /** The container's address on this machine's networks, for people; null: none. */
  readonly address: string | null;
}

export interface LiveHost {
  readonly total: Bytes;
  readonly available: Bytes;
  readonly swapTotal: Bytes;
  readonly swapFree: Bytes;
  readonly cores: number;
  /** % of all cores; null: seen once only. */
  readonly cpu: number | null;
  /** Of 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
  readonly psi: Psi | null;
  readonly pressure: 'none' | 'soft' | 'hard';
  /** A machine of WSL's: its total is what Windows lends it. */
  readonly wsl: boolean;
  /** The other side of it. Absent: no WSL2, not asked yet, or not answered: then `windowsFault` says why. */
  readonly windows?: LiveWindows;
  /** Why Windows could not be asked last, in words. */
  readonly windowsFault?: string;
}

/** What Windows sees: asked at most once a minute, and only while somebody watches. */
export interface LiveWindows {
  /** When it answered, ms since the epoch by this machine's clock. */
  readonly at: Ms;
  /** Physical memory that Windows can use. */
  readonly total: Bytes;
  readonly free: Bytes;
  /** Processes of Windows that hold the memory of virtual machines. None: they could not be listed, for one is the machine that this runs in. */
  readonly machines: readonly LiveMachine[];
}

export interface LiveMachine {
  /** As Windows names the process: `vmmemWSL`, `vmmemwslc-cli-USER`; before Windows 11 each is `vmmem`. */
  readonly name: string;
  /** Its working set; null: Windows lists it without. */
  readonly memory: Bytes | null;
  /** When it was started, ms since the epoch by Windows' clock; null: not told. */
  readonly since: Ms | null;
}

/** The daemon and what it costs itself. */
export interface LiveDaemon {
  readonly version: string;
  readonly pid: number;
  readonly instance: string;
  /** ms since the epoch. */
  readonly startedAt: Ms;
  readonly rss: Bytes;
  /** % of one core; null: seen once only. */
  readonly cpu: number | null;
}

export interface LiveBudget {
  readonly budget: Bytes;
  readonly granted: Bytes;
  /** Sum of the standards of those that hold a grant. */
  readonly standard: Bytes;
  readonly workingSet: Bytes;
}

/** All that is known at one moment: what the stream begins with. */
export interface Live {
  /** ms since the epoch. */
  readonly at: Ms;
  readonly daemon: LiveDaemon;
  /** null: it cannot be reached. */
  readonly engine: { readonly kind: 'docker' | 'podman'; readonly version: string } | null;
  readonly host: LiveHost;
  readonly budget: LiveBudget;
  readonly projects: readonly { readonly name: string; readonly root: string; readonly profile: string }[];
  readonly services: readonly LiveService[];
}

/** What changed since the snapshot before: what is absent did not. Of a service, the fields that changed. */
export interface LiveDelta {
  readonly at: Ms;
  readonly daemon?: LiveDaemon;
  readonly engine?: Live['engine'];
  readonly host?: LiveHost;
  readonly budget?: LiveBudget;
  readonly projects?: Live['projects'];
  readonly services?: readonly (Partial<LiveService> & { readonly id: ServiceId })[];
  readonly removed?: readonly ServiceId[];
}

/**
 * One text frame of /v1/stream. `seq` counts the frames of a connection from 1 without gaps: a reader that misses one has lost something. A
 * slow reader gets fewer deltas, each of which holds all changes since the one before; notices are never left out nor reordered.
 */
export type StreamFrame =
  | {
      readonly type: 'snapshot';
      readonly seq: number;
      /** How often deltas come at most. */
      readonly every: Ms;
      readonly live: Live;
      /** The last notices, oldest first, at most 100. */
      readonly notices: readonly LoggedNotice[];
      /** The last minute of each service that ran in it. */
      readonly recent: Readonly<Record<ServiceId, HistorySpan>>;
    }
  | { readonly type: 'delta'; readonly seq: number; readonly live: LiveDelta }
  | { readonly type: 'notice'; readonly seq: number; readonly notice: LoggedNotice }
  /** Nothing has changed for a while; the connection is alive. */
  | { readonly type: 'heartbeat'; readonly seq: number; readonly at: Ms };
