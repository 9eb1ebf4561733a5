import type { Live } from '../../api/live.js';
import type { HistorySpan } from '../../api/live-history.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Plan } from '../../api/plan.js';
import type { ServiceId } from '../../model/spec.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Size } from './cells.js';
import type { DashboardAction, LogText } from './input.js';

export type SpanName = '1m' | '15m' | '24h';
export type Sort = 'state' | 'name' | 'memory' | 'cpu' | 'next';

/** What a service used from `at` on, until the next point. Null: not measured. */
export interface ChartPoint {
  readonly at: Ms;
  readonly workingSet: number | null;
  readonly cpu: number | null;
}

/** What fills the screen between header and foot. `top`: the first line shown; `bottom`: the last one, null while the newest is followed. */
export type Screen =
  | { readonly kind: 'services' }
  /** `bottom`: the number of a notice. */
  | { readonly kind: 'events'; readonly bottom: number | null }
  | { readonly kind: 'budget' }
  | { readonly kind: 'detail'; readonly id: ServiceId; readonly span: SpanName; readonly zoomed: boolean; readonly top: number }
  | LogScreen
  | { readonly kind: 'help'; readonly top: number };

export interface LogScreen {
  readonly kind: 'logs';
  readonly project: string;
  readonly services: readonly string[];
  /** The number of a line: counted from the first that came. */
  readonly bottom: number | null;
  /** Cells that are left out at the left of each line. */
  readonly left: number;
  readonly search: string;
  /** The number of the line that was found last. */
  readonly hit: number | null;
  readonly filter: string;
  readonly wraps: boolean;
  readonly clocks: boolean;
}

/** The log lines that are open: those of a log screen, or the last ones of a detail. */
export interface Logs {
  /** What they are the logs of. */
  readonly key: string;
  readonly serial: number;
  readonly lines: readonly LogText[];
  /** The number of the first line that is still kept. */
  readonly first: number;
  /** Characters in `lines`. */
  readonly characters: number;
  /** Why they have ended; null while they go on. */
  readonly ended: { readonly failure: Failure | null; readonly at: Ms } | null;
  /** Lines up to then came before they were opened again. */
  readonly after: Ms;
}

/** A question, or an answer, that has to be looked at before anything else. */
export type Prompt =
  /** The plan has been asked for. `always`: the question is put whatever it says. */
  | { readonly kind: 'planning'; readonly action: DashboardAction; readonly asked: DashboardAction; readonly always: boolean }
  | { readonly kind: 'confirm'; readonly action: DashboardAction; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly action: DashboardAction; readonly failure: Failure };

/** Text that is being typed. */
export interface EventEntry {
  readonly into: 'filter' | 'search' | 'logFilter';
  readonly text: string;
  /** What stood there before: escape brings it back. */
  readonly before: string;
}

/** All that the dashboard knows. */
export interface DashboardState {
  readonly size: Size;
  /** ms since the epoch. */
  readonly now: Ms;
  readonly link: { readonly kind: 'waiting'; readonly since: Ms } | { readonly kind: 'live' } | Lost;
  readonly live: Live | null;
  /** When each service's `stopsIn` was true. */
  readonly stopsAt: ReadonlyMap<ServiceId, Ms>;
  /** What each service used in the last minute, oldest first. */
  readonly series: ReadonlyMap<ServiceId, readonly ChartPoint[]>;
  /** Oldest first. */
  readonly notices: readonly LoggedNotice[];
  /** From the tab at the bottom to what is seen. Never empty. */
  readonly screens: readonly Screen[];
  readonly selected: ServiceId | null;
  /** The first row of the table that is seen. */
  readonly top: number;
  readonly sort: Sort;
  /** All services as sorted when it was last looked at. */
  readonly order: readonly ServiceId[];
  readonly orderedAt: Ms;
  readonly filter: string;
  readonly entry: EventEntry | null;
  readonly prompt: Prompt | null;
  /** Actions under way. */
  readonly underWay: readonly DashboardAction[];
  readonly message: { readonly text: string; readonly isError: boolean; readonly until: Ms } | null;
  /** When a key was last pressed. */
  readonly keyAt: Ms;
  readonly logs: Logs | null;
  /** Of the logs opened last. */
  readonly serial: number;
  /** The chart's data of the detail on the screen. */
  readonly history: { readonly id: ServiceId; readonly span: SpanName; readonly data: HistorySpan } | null;
  /** The history that was asked for last. */
  readonly asked: { readonly id: ServiceId; readonly span: SpanName; readonly at: Ms } | null;
}

export interface Lost {
  readonly kind: 'lost';
  readonly since: Ms;
  readonly failure: Failure;
}

export function screenOf({ screens }: DashboardState): Screen {
  return screens.at(-1) ?? { kind: 'services' };
}

/** The moment the snapshot shows: it stands still while the daemon is away. */
export function shownNow({ link, now }: DashboardState): Ms {
  return link.kind === 'lost' ? link.since : now;
}
