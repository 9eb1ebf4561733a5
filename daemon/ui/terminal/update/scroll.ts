import { shownNotices } from '../notices.js';
import { type DashboardState, type Screen, screenOf } from '../state.js';
import { bodyHeight, layoutNow } from '../view/view.js';
import { scrolledLogs } from './logs.js';
import { changed } from './screens.js';
import { moved } from './select.js';

const FAR = 1_000_000;
const WHEEL = 3;

/** What keys that move do on this screen; null: it is none of them. */
export function scrolled(dash: DashboardState, screen: Screen, name: string): DashboardState | null {
  const by = stepOf(name, Math.max(1, layoutNow(dash).body - 2));
  return by === null ? null : scrolledBy(dash, screen, by);
}

function stepOf(name: string, page: number): number | null {
  switch (name) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
    case 'ctrl-b':
      return -page;
    case 'pagedown':
    case 'ctrl-f':
      return page;
    case 'ctrl-u':
      return -Math.ceil(page / 2);
    case 'ctrl-d':
      return Math.ceil(page / 2);
    case 'home':
    case 'g':
      return -FAR;
    case 'end':
    case 'G':
      return FAR;
    default:
      return null;
  }
}

function scrolledBy(dash: DashboardState, screen: Screen, by: number): DashboardState {
  switch (screen.kind) {
    case 'services':
    case 'budget':
      return moved(dash, by);
    case 'events':
      return scrolledEvents(dash, screen, by);
    case 'logs':
      return scrolledLogs(dash, screen, by);
    case 'detail':
    case 'help': {
      const most = Math.max(0, bodyHeight(dash) - layoutNow(dash).body);
      return changed(dash, screen, { top: Math.max(0, Math.min(most, screen.top + by)) });
    }
  }
}

function scrolledEvents(dash: DashboardState, screen: Extract<Screen, { kind: 'events' }>, by: number): DashboardState {
  const shown = shownNotices(dash);
  const last = shown.length - 1;
  if (last < 0) return dash;
  const at = screen.bottom === null ? last : shown.findLastIndex(({ seq }) => seq <= (screen.bottom ?? 0));
  const least = Math.min(last, layoutNow(dash).body - 2);
  const next = Math.max(least, Math.min(last, at + by));
  return changed(dash, screen, { bottom: next === last ? null : (shown[next]?.seq ?? null) });
}

/** The wheel. In a list that has a cursor it moves that. */
export function wheeled(dash: DashboardState, direction: 1 | -1): DashboardState {
  if (dash.prompt || dash.entry) return dash;
  const screen = screenOf(dash);
  return scrolledBy(dash, screen, screen.kind === 'services' || screen.kind === 'budget' ? direction : direction * WHEEL);
}
