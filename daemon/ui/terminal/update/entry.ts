import type { Key } from '../input.js';
import { type DashboardState, type EventEntry, screenOf } from '../state.js';
import { cleanText } from '../text/clean.js';
import { nextMatch } from './logs.js';
import { changed } from './screens.js';

const LONGEST = 80;

/** Text can be typed: what it filters or searches goes with each letter. */
export function opensEntry(dash: DashboardState, into: EventEntry['into']): DashboardState {
  const text = textOf(dash, into);
  return { ...dash, entry: { into, text, before: text } };
}

function textOf(dash: DashboardState, into: EventEntry['into']): string {
  const screen = screenOf(dash);
  if (into === 'filter' || screen.kind !== 'logs') return dash.filter;
  return into === 'search' ? screen.search : screen.filter;
}

export function typed(dash: DashboardState, entry: EventEntry, { name, text }: Key): DashboardState {
  switch (name) {
    case 'enter':
      return kept({ ...dash, entry: null }, entry);
    case 'escape':
      return { ...applied(dash, entry, entry.before), entry: null };
    case 'ctrl-u':
      return { ...applied(dash, entry, ''), entry: { ...entry, text: '' } };
    case 'backspace': {
      if (entry.text === '') return { ...applied(dash, entry, ''), entry: null };
      const shorter = [...entry.text].slice(0, -1).join('');
      return { ...applied(dash, entry, shorter), entry: { ...entry, text: shorter } };
    }
    default: {
      const longer = (entry.text + cleanText(text)).slice(0, LONGEST);
      return { ...applied(dash, entry, longer), entry: { ...entry, text: longer } };
    }
  }
}

function applied(dash: DashboardState, { into }: EventEntry, text: string): DashboardState {
  const screen = screenOf(dash);
  if (into === 'filter') return { ...dash, filter: text.trim() };
  if (screen.kind !== 'logs') return dash;
  return into === 'search' ? changed(dash, screen, { search: text, hit: null }) : changed(dash, screen, { filter: text, bottom: null });
}

/** A search goes to what it has found. */
function kept(dash: DashboardState, { into, text }: EventEntry): DashboardState {
  const screen = screenOf(dash);
  return into === 'search' && screen.kind === 'logs' && text !== '' ? nextMatch(dash, screen, -1) : dash;
}
