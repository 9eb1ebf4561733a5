import type { Ms } from '../../../shared/span.js';
import type { Effect, Input } from '../input.js';
import { splitOf } from '../layout.js';
import { listRows, ordered } from '../list.js';
import { type DashboardState, screenOf } from '../state.js';
import { cleaned } from '../text/clean.js';
import { tabAt } from '../view/header.js';
import { layoutNow } from '../view/view.js';
import { foldActionDone, foldPlanned } from './actions.js';
import { foldFrame } from './frames.js';
import { onKey } from './keys.js';
import { foldLogs, foldLogsEnded, withWantedLogs } from './logs.js';
import { withMessage } from './message.js';
import { onTab, withDetail } from './screens.js';
import { wheeled } from './scroll.js';
import { settled } from './select.js';

export interface Next {
  readonly dash: DashboardState;
  readonly effects: readonly Effect[];
}

/** What happens to the dashboard. Everything in it that comes from outside has been cleaned here. */
export function update(before: DashboardState, input: Input): Next {
  const { dash, effects } = happened(before, input);
  const logs = withWantedLogs(settled(before, ordered(before, dash)));
  const history = withWantedHistory(logs.dash);
  const more = [...logs.effects, ...history.effects];
  return { dash: history.dash, effects: more.length === 0 ? effects : [...effects, ...more] };
}

function happened(dash: DashboardState, input: Input): Next {
  switch (input.kind) {
    case 'key':
      return onKey({ ...dash, keyAt: dash.now }, input.key);
    case 'resize':
      return only({ ...dash, size: input.size });
    case 'frame':
      return only(foldFrame(dash, cleaned(input.frame)));
    case 'tick':
      return only(ticked(dash, input.now));
    case 'lost':
      return only({
        ...dash,
        link: { kind: 'lost', since: dash.link.kind === 'lost' ? dash.link.since : dash.now, failure: cleaned(input.failure) },
      });
    case 'message':
      return only(withMessage(dash, cleaned(input.text), input.isError));
    case 'mouse':
      return only(onMouse({ ...dash, keyAt: dash.now }, input));
    case 'planned':
      return foldPlanned(dash, cleaned(input));
    case 'acted':
      return only(foldActionDone(dash, cleaned(input)));
    case 'history':
      return only(foldHistory(dash, input));
    case 'logs':
      return only(foldLogs(dash, input));
    case 'logsEnded':
      return only(foldLogsEnded(dash, input));
  }
}

function ticked(dash: DashboardState, now: number): DashboardState {
  const message = dash.message && dash.message.until > now ? dash.message : null;
  return { ...dash, now: Math.max(now, dash.now), message };
}

function only(dash: DashboardState): Next {
  return { dash, effects: [] };
}

/** How long what was fetched stays true on the screen. The last minute comes with the stream. */
const FRESH: Readonly<Record<'15m' | '24h', Ms>> = { '15m': 10_000, '24h': 60_000 };

/** Asks for the history that the screen shows, and again from time to time while it does. */
function withWantedHistory(dash: DashboardState): Next {
  const screen = screenOf(dash);
  const none: Next = { dash, effects: [] };
  if (screen.kind !== 'detail' || screen.span === '1m' || dash.link.kind !== 'live') return none;
  const { id, span } = screen;
  const { asked } = dash;
  if (asked && asked.id === id && asked.span === span && dash.now - asked.at < FRESH[span]) return none;
  return { dash: { ...dash, asked: { id, span, at: dash.now } }, effects: [{ kind: 'fetchHistory', id, span }] };
}

function foldHistory(dash: DashboardState, { id, span, history }: Extract<Input, { kind: 'history' }>): DashboardState {
  const screen = screenOf(dash);
  if (screen.kind !== 'detail' || screen.id !== id || screen.span !== span) return dash;
  return { ...dash, history: { id, span, data: history } };
}

/** A click selects, and opens what was selected already; on a tab it goes there. The wheel scrolls. */
function onMouse(dash: DashboardState, { what, column, row }: Extract<Input, { kind: 'mouse' }>): DashboardState {
  if (what !== 'press') return wheeled(dash, what === 'wheel-up' ? -1 : 1);
  if (dash.prompt || dash.entry) return dash;
  if (row === 0) {
    const tab = tabAt(column);
    return tab ? onTab(dash, tab) : dash;
  }
  const id = serviceAt(dash, row);
  if (id === null) return dash;
  return id === dash.selected ? withDetail(dash, id) : { ...dash, selected: id };
}

function serviceAt(dash: DashboardState, row: number) {
  const { header, body } = layoutNow(dash);
  const at = row - header;
  const screen = screenOf(dash);
  if (screen.kind !== 'services' && screen.kind !== 'budget') return null;
  const { above, table } = splitOf(dash, body);
  if (at <= above || at >= above + table) return null;
  const shown = listRows(dash)[dash.top + at - above - 1];
  return shown?.kind === 'service' ? shown.service.id : null;
}
