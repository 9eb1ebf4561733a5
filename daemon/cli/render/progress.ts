import type { LoggedNotice, NoticeKind } from '../../api/notice.js';
import type { Plan } from '../../api/plan.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { formatTime } from '../../shared/span.js';
import { flat } from '../../ui/shared/own.js';
import type { Colours } from '../cli.js';
import { shorten } from './table.js';

export type ProgressGoal = 'up' | 'down' | 'gone';
type Mark = 'waiting' | 'working' | 'trouble' | 'done' | 'failed';

/** One service on its way to the goal. Times: ms since the epoch. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly mark: Mark;
  readonly doing: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly grant: Bytes | null;
  /** The plan stops it, whatever the goal of the others. */
  readonly leaves: boolean;
}

export interface Progress {
  readonly goal: ProgressGoal;
  readonly rows: readonly Row[];
  /** The latest notice about the project as a whole. */
  readonly note: string;
  /** The wait is over: unfinished rows no longer move. */
  readonly over: boolean;
}

/** Rows of a plan: a service that starts or stops is waiting at first; one that is kept is done. */
export function progressOf(plan: Plan, goal: ProgressGoal, project: string): Progress {
  const row = (id: string, mark: Mark, doing: string, grant: Bytes | null): Row => {
    const name = flat(id.startsWith(`${project}/`) ? id.slice(project.length + 1) : id);
    return { id, name, mark, doing, since: null, until: null, grant, leaves: false };
  };
  const starting = new Set<string>(plan.starts.map(start => start.id));
  const stops = plan.stops.filter(id => !starting.has(id));
  const rows = [
    ...stops.map(id => ({ ...row(id, 'waiting', 'will stop', null), leaves: true })),
    ...plan.starts.map(start => row(start.id, 'waiting', 'waiting for its turn', start.grant)),
    ...(goal === 'up' ? plan.keeps.map(id => row(id, 'done', 'already running', null)) : []),
  ];
  return { goal, rows, note: '', over: false };
}

const MARKS: Readonly<Partial<Record<NoticeKind, Mark>>> = {
  image: 'working',
  starting: 'working',
  started: 'working',
  stopping: 'working',
  unhealthy: 'trouble',
  crashed: 'trouble',
  oom: 'trouble',
  failed: 'failed',
  refused: 'failed',
};

/** The progress after a notice. A service outside the plan gets a row with its first notice. */
export function advanced(progress: Progress, notice: LoggedNotice): Progress {
  if (notice.service === null) return { ...progress, note: notice.text };
  const id = `${notice.project}/${notice.service}`;
  const before = progress.rows.find(row => row.id === id);
  const blank: Row = { id, name: flat(notice.service), mark: 'waiting', doing: '', since: null, until: null, grant: null, leaves: false };
  const after = moved(before ?? blank, notice, progress.goal);
  const rows = before ? progress.rows.map(row => (row === before ? after : row)) : [...progress.rows, after];
  return { ...progress, rows };
}

/** Shorter than the notice, since the grant and the seconds have columns of their own. */
const WORDS: Readonly<Partial<Record<NoticeKind, string>>> = {
  started: 'running; waiting until it is ready',
  ready: 'ready',
  running: 'running',
  stopped: 'stopped',
  removed: 'removed',
};

function moved(row: Row, notice: LoggedNotice, goal: ProgressGoal): Row {
  const words = WORDS[notice.kind] ?? notice.text;
  const mark = isEnd(notice.kind, goal === 'up' && row.leaves ? 'down' : goal) ? 'done' : MARKS[notice.kind];
  if (mark === undefined) return notice.kind === 'planned' ? row : { ...row, doing: words };
  const ended = mark === 'done' || mark === 'failed';
  return { ...row, mark, doing: words, since: row.since ?? notice.at, until: ended ? notice.at : null };
}

function isEnd(kind: NoticeKind, goal: ProgressGoal): boolean {
  if (goal === 'up') return kind === 'ready' || kind === 'running' || kind === 'completed';
  return kind === 'removed' || (goal === 'down' && kind === 'stopped');
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const STEP_MS = 100;

/** One line per service: mark, name, present step, seconds, memory grant. `height`: the most lines; unfinished services come first. */
export function renderProgress(progress: Progress, now: number, options: { width: number; height: number; colours: Colours }): string[] {
  const { rows, hidden } = fitted(progress.rows, options.height - (progress.note === '' ? 0 : 1));
  const nameWidth = Math.max(0, ...rows.map(row => row.name.length));
  const lines = rows.map(row => rowLine(row, now, nameWidth, { ...options, over: progress.over }));
  if (hidden > 0) lines.push(options.colours.dim(`  and ${hidden} more`));
  if (progress.note !== '') lines.push(options.colours.dim(shorten(`  ${progress.note}`, options.width)));
  return lines;
}

function fitted(rows: readonly Row[], height: number): { rows: readonly Row[]; hidden: number } {
  if (rows.length <= height) return { rows, hidden: 0 };
  const most = Math.max(1, height - 1);
  const shown = [...rows.filter(row => row.mark !== 'done'), ...rows.filter(row => row.mark === 'done')].slice(0, most);
  return { rows: shown, hidden: rows.length - shown.length };
}

interface LineOptions {
  readonly width: number;
  readonly colours: Colours;
  readonly over: boolean;
}

function rowLine(row: Row, now: number, nameWidth: number, { width, colours, over }: LineOptions): string {
  const time = row.since === null ? '' : formatTime((row.until ?? now) - row.since);
  const grant = row.grant === null ? '' : formatBytes(row.grant);
  const right = `${time.padStart(9)}  ${grant.padStart(7)}`;
  const room = Math.max(10, Math.min(width, 100) - nameWidth - right.length - 6);
  const doing = shorten(row.doing, room).padEnd(room);
  return `${over && row.mark === 'working' ? colours.dim('…') : glyph(row.mark, now, colours)} ${row.name.padEnd(nameWidth)}  ${doing}  ${colours.dim(right)}`.trimEnd();
}

function glyph(mark: Mark, now: number, colours: Colours): string {
  switch (mark) {
    case 'waiting':
      return colours.dim('·');
    case 'working':
      return colours.cyan(SPINNER[Math.floor(now / STEP_MS) % SPINNER.length] ?? '·');
    case 'trouble':
      return colours.yellow('!');
    case 'done':
      return colours.green('✓');
    case 'failed':
      return colours.red('✗');
  }
}

/** A notice as a line of its own, for logs of CI. */
export function plainLine(notice: LoggedNotice): string {
  const level = notice.level === 'info' ? '' : `${notice.level === 'warn' ? 'warning' : 'error'}: `;
  return `${flat(notice.service ?? notice.project)}: ${level}${flat(notice.text)}`;
}
