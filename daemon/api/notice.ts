import type { Ms } from '../shared/span.js';

export type NoticeKind =
  | 'planned'
  | 'image'
  | 'starting'
  | 'started'
  /** It runs, and nobody can tell whether it is ready, or it is not yet. */
  | 'running'
  /** A port speaks another protocol than was guessed. */
  | 'heard'
  | 'ready'
  | 'woken'
  | 'frozen'
  | 'resized'
  | 'pressure'
  | 'reclaimed'
  | 'unhealthy'
  | 'stopping'
  | 'stopped'
  | 'completed'
  | 'crashed'
  | 'oom'
  | 'failed'
  | 'adopted'
  | 'removed'
  | 'refused'
  | 'engine';

/** Something worth telling: the event log, `events`, `why`, progress. */
export interface Notice {
  readonly project: string;
  readonly service: string | null;
  readonly level: 'info' | 'warn' | 'error';
  /** Stable word for programs: started, ready, stopped, crashed, oom, refused, … */
  readonly kind: NoticeKind;
  readonly text: string;
}

/** A notice with its place in the log. `at`: ms since the epoch. */
export interface LoggedNotice extends Notice {
  readonly seq: number;
  readonly at: Ms;
}
