import type { Ms } from '../../../shared/span.js';
import type { Input } from '../input.js';
import { type Dash, screenOf } from '../state.js';
import type { Next } from './update.js';

/** How long what was fetched stays true on the screen. The last minute comes with the stream. */
const FRESH: Readonly<Record<'15m' | '24h', Ms>> = { '15m': 10_000, '24h': 60_000 };

/** Asks for the history that the screen shows, and again from time to time while it does. */
export function withWantedHistory(dash: Dash): Next {
  const screen = screenOf(dash);
  const none: Next = { dash, effects: [] };
  if (screen.kind !== 'detail' || screen.span === '1m' || dash.link.kind !== 'live') return none;
  const { id, span } = screen;
  const { asked } = dash;
  if (asked && asked.id === id && asked.span === span && dash.now - asked.at < FRESH[span]) return none;
  return { dash: { ...dash, asked: { id, span, at: dash.now } }, effects: [{ kind: 'fetchHistory', id, span }] };
}

export function foldHistory(dash: Dash, { id, span, history }: Extract<Input, { kind: 'history' }>): Dash {
  const screen = screenOf(dash);
  if (screen.kind !== 'detail' || screen.id !== id || screen.span !== span) return dash;
  return { ...dash, history: { id, span, data: history } };
}
