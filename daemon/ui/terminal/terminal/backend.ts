import type { StreamFrame } from '../../../api/live.js';
import type { HistorySpan } from '../../../api/live-history.js';
import type { Plan } from '../../../api/plan.js';
import type { Failure } from '../../../shared/failure.js';
import type { DashboardAction, Effect, LogText } from '../input.js';

export type HistoryRange = Extract<Effect, { kind: 'fetchHistory' }>['span'];

/** What the dashboard asks the daemon for. All reject with FailureError, or with the signal's reason when it aborts. */
export interface Backend {
  /** From a snapshot on, as long as the daemon is there: it ends or rejects when it goes. */
  stream(signal: AbortSignal): AsyncIterable<StreamFrame>;
  /** What the action would do; nothing is done. */
  plan(action: DashboardAction, signal: AbortSignal): Promise<Plan>;
  /** Resolves when the action is done, to the failure in which it ended; null when it succeeded. */
  act(action: DashboardAction, signal: AbortSignal): Promise<Failure | null>;
  history(project: string, service: string, span: HistoryRange): Promise<HistorySpan>;
  /** The last `tail` lines, then what is written from now on. No services: all of the project. */
  logs(project: string, services: readonly string[], tail: number, signal: AbortSignal): AsyncIterable<LogText>;
  /** A shell in the service, on the terminal of this process, which is in its usual state meanwhile. Resolves to its exit code. */
  shell(project: string, service: string): Promise<number>;
}
