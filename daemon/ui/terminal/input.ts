import type { StreamFrame } from '../../api/live.js';
import type { HistorySpan } from '../../api/live-history.js';
import type { Plan } from '../../api/plan.js';
import type { ServiceId } from '../../model/spec.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Size } from './cells.js';

/** A key as a person names it: 'a', 'A', '/', 'enter', 'escape', 'up', 'pagedown', 'ctrl-c'; characters are what was typed. */
export interface Key {
  readonly name: string;
  /** The character it writes; empty: none. */
  readonly text: string;
}

/** What can be done to a service, or to a project where `services` is empty. */
export interface DashboardAction {
  readonly verb: 'start' | 'stop' | 'restart' | 'pin' | 'unpin' | 'down';
  readonly project: string;
  readonly services: readonly string[];
}

export interface LogText {
  readonly service: string;
  readonly stream: 'stdout' | 'stderr' | 'notice';
  readonly at: Ms;
  readonly text: string;
}

/** Everything that can happen to the dashboard. The only input of `update`. */
export type Input =
  | { readonly kind: 'key'; readonly key: Key }
  /** A click, or a turn of the wheel, at a cell; from 0. */
  | { readonly kind: 'mouse'; readonly what: 'press' | 'wheel-up' | 'wheel-down'; readonly column: number; readonly row: number }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'frame'; readonly frame: StreamFrame }
  /** The daemon is gone; it is tried again until it is back. */
  | { readonly kind: 'lost'; readonly failure: Failure }
  /** Each second, so that what counts down does. `now`: ms since the epoch. */
  | { readonly kind: 'tick'; readonly now: Ms }
  /** The plan of an action that was asked for as a dry run. */
  | { readonly kind: 'planned'; readonly action: DashboardAction; readonly plan: Plan | null; readonly failure: Failure | null }
  /** An action is done, or was refused. */
  | { readonly kind: 'acted'; readonly action: DashboardAction; readonly failure: Failure | null }
  | { readonly kind: 'history'; readonly id: ServiceId; readonly span: '1m' | '15m' | '24h'; readonly history: HistorySpan }
  /** `serial`: that of the effect that opened them. */
  | { readonly kind: 'logs'; readonly serial: number; readonly lines: readonly LogText[] }
  | { readonly kind: 'logsEnded'; readonly serial: number; readonly failure: Failure | null }
  /** Something that is not one of ours went wrong, or a shell ended: a line at the foot of the screen. */
  | { readonly kind: 'message'; readonly text: string; readonly isError: boolean };

/** What `update` asks for. Each is done by the terminal's side, which answers with an input where it says so. */
export type Effect =
  | { readonly kind: 'quit' }
  /** ctrl-z: the terminal is given back, and taken again afterwards. */
  | { readonly kind: 'suspend' }
  /** Repaint everything: another program may have written. */
  | { readonly kind: 'repaint' }
  /** → planned. */
  | { readonly kind: 'plan'; readonly action: DashboardAction }
  /** → acted. */
  | { readonly kind: 'act'; readonly action: DashboardAction }
  /** → history. */
  | { readonly kind: 'fetchHistory'; readonly id: ServiceId; readonly span: '1m' | '15m' | '24h' }
  /** → logs, logsEnded. Follows from the last `tail` lines on; one at a time: another one ends the one before. */
  | {
      readonly kind: 'openLogs';
      readonly serial: number;
      readonly project: string;
      readonly services: readonly string[];
      readonly tail: number;
    }
  | { readonly kind: 'closeLogs' }
  /** A shell in the service, on the terminal, until it ends. → message. */
  | { readonly kind: 'shell'; readonly project: string; readonly service: string };
