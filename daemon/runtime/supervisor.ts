import type { Cleaned } from '../api/contract.js';
import type { EngineInfo } from '../api/engine-info.js';
import type { Live, LiveTotals } from '../api/live.js';
import type { HistorySpan } from '../api/live-history.js';
import type { LoggedNotice } from '../api/notice.js';
import type { AdviceView, BudgetView, LeaseView, ServiceView } from '../api/views.js';
import type { ServiceId } from '../model/spec.js';
import type { ExecOptions, ExecSession, LogLine, LogOptions } from '../ports/ports.js';
import type { Action, Answer } from '../scheduler/state/event.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import type { LogNote } from './queries/follow-logs.js';

/** up: running and ready, or completed, or asleep with its ports open. awake: running. down: nothing runs. gone: the container is removed. */
export type WaitGoal = 'up' | 'awake' | 'down' | 'gone';

/** What the HTTP room is handed: the daemon as its clients see it. */
export interface Supervisor {
  readonly info: {
    readonly version: string;
    readonly pid: number;
    readonly instance: string;
    /** ms since the epoch. */
    readonly startedAt: number;
  };
  /** null while the engine cannot be reached. */
  engine(): EngineInfo | null;
  /** Decides on an action and answers at once; the work goes on in the background. `dryRun`: decides only. `trust`: accepts the risks of an `up`. */
  act(action: Action, options: { readonly dryRun: boolean; readonly trust: boolean }): Promise<Answer>;
  /** Resolves when all are at the goal (null), or as soon as one cannot get there (its failure). Rejects only when the signal aborts. */
  settled(ids: readonly ServiceId[], goal: WaitGoal, signal: AbortSignal): Promise<Failure | null>;
  /** All services, or those of one project. With measured working sets when `usage`. */
  services(project: string | null, usage: boolean): Promise<readonly ServiceView[]>;
  projects(): readonly { readonly name: string; readonly root: string; readonly profile: string }[];
  leases(): readonly LeaseView[];
  budget(): Promise<BudgetView>;
  /** What the services, or those of one project, should have by what they used; by name. */
  advice(project: string | null): Promise<readonly AdviceView[]>;
  /** All that is known now, from the figures taken last: synchronous and cheap. */
  live(): Live;
  /** Counters of what runs, as `live` saw it last. */
  totals(): ReadonlyMap<ServiceId, LiveTotals>;
  /** What a service used since a time (ms since the epoch) in slots of this many ms; 0: as it was measured, from memory, at most 15 minutes back. */
  history(id: ServiceId, sinceWall: Ms, slot: Ms): Promise<HistorySpan>;
  /**
   * Somebody watches: what runs is measured this often as long as anybody does. Calls back when new figures are in or something else of
   * `live` may have changed, at most once a turn of the event loop. Returns what ends it.
   */
  watch(every: Ms, changed: () => void): () => void;
  /** The last notices (at most 1,000 kept), oldest first. */
  notices(): readonly LoggedNotice[];
  /** Calls back for each notice from now on; returns the unsubscriber. */
  subscribe(listener: (notice: LoggedNotice) => void): () => void;
  /**
   * Logs of the service's present or last container; FailureError not-found when it has none. Followed: over all of its runs, with notes of
   * what happens between them; ends when the service is gone.
   */
  logs(id: ServiceId, options: LogOptions): AsyncIterable<LogLine | LogNote>;
  /** Throws FailureError not-found when it does not run. */
  exec(id: ServiceId, options: ExecOptions): Promise<ExecSession>;
  /** Containers, networks and, on request, volumes that carry our label and belong to no known service of the project. */
  clean(project: string, options: { readonly volumes: boolean; readonly dryRun: boolean }): Promise<Cleaned>;
  /** Ends the daemon; services keep running. Resolves when the answer may be sent. */
  shutdown(): Promise<void>;
}
