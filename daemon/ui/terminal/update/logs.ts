import type { Effect, Input, LogText } from '../input.js';
import { matchesText, shownLines } from '../log-lines.js';
import { type DashboardState, type LogScreen, type Logs, screenOf } from '../state.js';
import { cleaned } from '../text/clean.js';
import { withMessage } from './message.js';
import { changed } from './screens.js';
import type { Next } from './update.js';

/** What is kept of a log: what is older is at the engine. */
const KEPT_LINES = 5_000;
const KEPT_CHARACTERS = 2_000_000;
const TAIL = 500;
const TAIL_OF_DETAIL = 50;
/** A log that ended is opened again when its service runs, but not more often. */
const AGAIN = 3_000;

interface Wanted {
  readonly key: string;
  readonly project: string;
  readonly services: readonly string[];
  readonly tail: number;
}

function wantedOf(dash: DashboardState): Wanted | null {
  const screen = screenOf(dash);
  if (screen.kind === 'logs') {
    const { project, services } = screen;
    return { key: `${project}/${services.join()}`, project, services, tail: TAIL };
  }
  const service = screen.kind === 'detail' ? dash.live?.services.find(({ id }) => id === screen.id) : undefined;
  if (!service) return null;
  return { key: `${service.id} at a glance`, project: service.project, services: [service.name], tail: TAIL_OF_DETAIL };
}

/** Opens the logs that the screen shows, and closes them when it shows others or none. */
export function withWantedLogs(dash: DashboardState): Next {
  if (dash.link.kind !== 'live') return { dash, effects: [] };
  const wanted = wantedOf(dash);
  if (!wanted) return dash.logs ? { dash: { ...dash, logs: null }, effects: [{ kind: 'closeLogs' }] } : { dash, effects: [] };
  const { logs } = dash;
  const isAnew = logs?.key !== wanted.key;
  if (!isAnew && !goesOn(dash, logs, wanted)) return { dash, effects: [] };
  const serial = dash.serial + 1;
  const { key, ...what } = wanted;
  const effect: Effect = { kind: 'openLogs', serial, ...what };
  const next: Logs = isAnew
    ? { key, serial, lines: [], first: 0, characters: 0, ended: null, after: 0 }
    : { ...logs, serial, ended: null, after: logs.lines.at(-1)?.at ?? 0 };
  return { dash: { ...dash, serial, logs: next }, effects: [effect] };
}

/** It had ended, and its service runs again. */
function goesOn({ live, now }: DashboardState, { ended }: Logs, { project, services }: Wanted): boolean {
  if (!ended || now - ended.at < AGAIN) return false;
  const names = new Set(services);
  return (live?.services ?? []).some(
    service => service.project === project && (names.size === 0 || names.has(service.name)) && (service.since ?? 0) > ended.at - AGAIN,
  );
}

export function foldLogs(dash: DashboardState, { serial, lines }: Extract<Input, { kind: 'logs' }>): DashboardState {
  const { logs } = dash;
  if (!logs || logs.serial !== serial) return dash;
  const added = lines.filter(line => line.at > logs.after).map(line => cleaned(line));
  return { ...dash, logs: capped({ ...logs, lines: [...logs.lines, ...added], characters: logs.characters + charactersIn(added) }) };
}

function charactersIn(lines: readonly LogText[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}

function capped(logs: Logs): Logs {
  let over = Math.max(0, logs.lines.length - KEPT_LINES);
  let characters = logs.characters - charactersIn(logs.lines.slice(0, over));
  while (characters > KEPT_CHARACTERS) characters -= logs.lines[over++]?.text.length ?? characters;
  return over === 0 ? logs : { ...logs, lines: logs.lines.slice(over), first: logs.first + over, characters };
}

export function foldLogsEnded(dash: DashboardState, { serial, failure }: Extract<Input, { kind: 'logsEnded' }>): DashboardState {
  if (!dash.logs || dash.logs.serial !== serial) return dash;
  return { ...dash, logs: { ...dash.logs, ended: { failure: cleaned(failure), at: dash.now } } };
}

/** So many lines up (negative) or down; at the end it follows. */
export function scrolledLogs(dash: DashboardState, screen: LogScreen, by: number): DashboardState {
  const shown = shownLines(dash.logs, screen.filter);
  const last = shown.length - 1;
  const at = screen.bottom === null ? last : shown.findLastIndex(({ number }) => number <= (screen.bottom ?? 0));
  const next = Math.max(0, Math.min(last, at + by));
  if (last < 0) return dash;
  return changed(dash, screen, { bottom: next === last && by > 0 ? null : (shown[next]?.number ?? null) });
}

/**
 * To the next line after (1) or before (-1) the one found last, and on from the other end; where none was found yet, to the newest.
 * It comes into the middle of the screen.
 */
export function nextMatch(dash: DashboardState, screen: LogScreen, direction: 1 | -1): DashboardState {
  if (screen.search === '') return withMessage(dash, '/ searches', false);
  const shown = shownLines(dash.logs, screen.filter);
  const hits = shown.filter(({ line }) => matchesText(line.text, screen.search));
  const { hit: from } = screen;
  const after = () => hits.find(({ number }) => number > (from ?? 0)) ?? hits[0];
  const before = () => (from === null ? undefined : hits.findLast(({ number }) => number < from)) ?? hits.at(-1);
  const hit = direction === 1 && from !== null ? after() : before();
  if (!hit) return withMessage(dash, `"${screen.search}" is in none of the lines`, false);
  const below = Math.floor(dash.size.rows / 3);
  const last = shown[Math.min(shown.length - 1, shown.indexOf(hit) + below)];
  return changed(dash, screen, { hit: hit.number, bottom: last?.number ?? hit.number });
}
