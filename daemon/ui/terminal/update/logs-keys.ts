import type { DashboardState, LogScreen } from '../state.js';
import { opensEntry } from './entry.js';
import { nextMatch } from './logs.js';
import { changed } from './screens.js';
import type { Next } from './update.js';

const SIDEWAYS = 16;

/** Keys of a log; null: it has none of its own. */
export function onLogsKey(dash: DashboardState, screen: LogScreen, name: string): Next | null {
  const next = logsAfter(dash, screen, name);
  return next && { dash: next, effects: [] };
}

function logsAfter(dash: DashboardState, screen: LogScreen, name: string): DashboardState | null {
  switch (name) {
    case 'f':
    case ' ':
      return changed(dash, screen, { bottom: screen.bottom === null ? lastNumber(dash) : null, hit: null });
    case '/':
      return opensEntry(dash, 'search');
    case '&':
      return opensEntry(dash, 'logFilter');
    case 'n':
      return nextMatch(dash, screen, 1);
    case 'N':
      return nextMatch(dash, screen, -1);
    case 'w':
      return changed(dash, screen, { wraps: !screen.wraps, left: 0 });
    case 't':
      return changed(dash, screen, { clocks: !screen.clocks });
    case 'right':
      return screen.wraps ? dash : changed(dash, screen, { left: Math.min(4_000, screen.left + SIDEWAYS) });
    case 'left':
      return changed(dash, screen, { left: Math.max(0, screen.left - SIDEWAYS) });
    case 'escape':
      return escapedLogs(dash, screen);
    case 'enter':
    case 'b':
    case 's':
    case 'u':
    case 'x':
    case 'r':
    case 'p':
    case 'l':
    case 'L':
    case 'D':
      return dash;
    default:
      return null;
  }
}

/** First the search goes, then the filter, then the logs. */
function escapedLogs(dash: DashboardState, screen: LogScreen): DashboardState | null {
  if (dash.message) return null;
  if (screen.search !== '') return changed(dash, screen, { search: '', hit: null });
  return screen.filter !== '' ? changed(dash, screen, { filter: '' }) : null;
}

function lastNumber({ logs }: DashboardState): number | null {
  return logs && logs.lines.length > 0 ? logs.first + logs.lines.length - 1 : null;
}
