import type { Key } from '../input.js';
import { type DashboardState, type Prompt, type Screen, screenOf } from '../state.js';
import { carryOut, requestPlan, togglePin } from './actions.js';
import { opensEntry, typed } from './entry.js';
import { onLogsKey } from './logs-keys.js';
import { back, changed, opened, subject, onTab as toTab, withDetail, withLogs } from './screens.js';
import { scrolled } from './scroll.js';
import { neighbour } from './select.js';
import type { Next } from './update.js';

/** What a key does: first what works everywhere, then where text is typed, where something is asked, and on the screen. */
export function onKey(dash: DashboardState, key: Key): Next {
  switch (key.name) {
    case 'ctrl-c':
      return { dash, effects: [{ kind: 'quit' }] };
    case 'ctrl-z':
      return { dash, effects: [{ kind: 'suspend' }] };
    case 'ctrl-l':
      return { dash, effects: [{ kind: 'repaint' }] };
  }
  if (dash.entry) return only(typed(dash, dash.entry, key));
  if (dash.prompt) return onPromptKey(dash, dash.prompt, key);
  if (key.name === 'q') return { dash, effects: [{ kind: 'quit' }] };
  const screen = screenOf(dash);
  return onScreenKey(dash, screen, key.name) ?? onPlainKey(dash, screen, key.name);
}

/** Keys that mean something else on one screen; null: they do not. */
function onScreenKey(dash: DashboardState, screen: Screen, name: string): Next | null {
  switch (screen.kind) {
    case 'logs':
      return onLogsKey(dash, screen, name);
    case 'detail':
      return onDetailKey(dash, screen, name);
    case 'events':
    case 'help':
      return /^[uxrplewDL]$|^enter$/.test(name) ? only(dash) : null;
    default:
      return null;
  }
}

function onDetailKey(dash: DashboardState, screen: Extract<Screen, { kind: 'detail' }>, name: string): Next | null {
  const spans = ['1m', '15m', '24h'] as const;
  const at = spans.indexOf(screen.span);
  switch (name) {
    case 'right':
    case 't':
      return only(changed(dash, screen, { span: spans[name === 't' ? (at + 1) % 3 : Math.min(2, at + 1)] ?? '1m' }));
    case 'left':
      return only(changed(dash, screen, { span: spans[Math.max(0, at - 1)] ?? '1m' }));
    case 'z':
      return only(changed(dash, screen, { zoomed: !screen.zoomed }));
    case 'tab':
    case 'shift-tab': {
      const id = neighbour(dash, screen.id, name === 'tab' ? 1 : -1);
      return only(changed({ ...dash, selected: id }, screen, { id, top: 0 }));
    }
    case 'enter':
      return only(dash);
    default:
      return null;
  }
}

function onPlainKey(dash: DashboardState, screen: Screen, name: string): Next {
  const move = scrolled(dash, screen, name);
  if (move) return only(move);
  switch (name) {
    case 'escape':
    case 'h':
    case 'left':
      return only(escaped(dash, screen, name));
    case 'tab':
    case 'shift-tab':
      return only(nextTab(dash, screen, name === 'tab' ? 1 : 2));
    case 'enter':
    case 'right':
      return only(withDetail(dash, dash.selected));
    case '?':
    case 'f1':
      return only(screen.kind === 'help' ? back(dash) : opened(dash, { kind: 'help', top: 0 }));
    case 'b':
      return only(screen.kind === 'budget' ? back(dash) : toTab(dash, 'budget'));
    case 's':
      return only(sorted(dash));
    case '/':
      return only(screen.kind === 'detail' || screen.kind === 'help' ? dash : opensEntry(dash, 'filter'));
    default:
      return onActionKey(dash, name);
  }
}

function escaped(dash: DashboardState, screen: Screen, name: string): DashboardState {
  const isTop = dash.screens.length === 1;
  if (name !== 'escape') return isTop ? dash : back(dash);
  if (dash.message) return { ...dash, message: null };
  return isTop && screen.kind !== 'budget' && dash.filter !== '' ? { ...dash, filter: '' } : back(dash);
}

function nextTab(dash: DashboardState, screen: Screen, by: number): DashboardState {
  const tabs = ['services', 'events', 'budget'] as const;
  const at = tabs.map(String).indexOf(screen.kind);
  return at < 0 ? back(dash) : toTab(dash, tabs[(at + by) % 3] ?? 'services');
}

function sorted(dash: DashboardState): DashboardState {
  const sorts = ['state', 'name', 'memory', 'cpu', 'next'] as const;
  const sort = sorts[(sorts.indexOf(dash.sort) + 1) % sorts.length] ?? 'state';
  return { ...dash, sort, order: [], orderedAt: 0 };
}

/** Keys that are about a service. */
function onActionKey(dash: DashboardState, name: string): Next {
  const service = subject(dash);
  if (!service) return only(dash);
  const { project } = service;
  const isUp = service.memory.grant > 0;
  switch (name) {
    case 'u':
      return requestPlan(dash, 'start', service, false);
    case 'x':
      return requestPlan(dash, 'stop', service, true);
    case 'r':
      return requestPlan(dash, 'restart', service, true);
    case 'D':
      return requestPlan(dash, 'down', service, true);
    case 'w':
      return requestPlan(dash, isUp ? 'stop' : 'start', service, true);
    case 'p':
      return togglePin(dash, service);
    case 'l':
      return only(withLogs(dash, project, [service.name]));
    case 'L':
      return only(withLogs(dash, project, []));
    case 'e':
      return dash.link.kind === 'live' ? { dash, effects: [{ kind: 'shell', project, service: service.name }] } : only(dash);
    default:
      return only(dash);
  }
}

function only(dash: DashboardState): Next {
  return { dash, effects: [] };
}

/** Only `y` says yes: what is asked was asked because it takes something away. */
function onPromptKey(dash: DashboardState, prompt: Prompt, { name }: Key): Next {
  const closed: Next = { dash: { ...dash, prompt: null }, effects: [] };
  const isNo = name === 'escape' || name === 'n' || name === 'N' || name === 'q';
  switch (prompt.kind) {
    case 'planning':
      return isNo ? closed : { dash, effects: [] };
    case 'confirm':
      if (name === 'y' || name === 'Y') return carryOut(dash, prompt.action, prompt.plan);
      return isNo ? closed : { dash, effects: [] };
    case 'refused':
      return isNo || name === 'enter' || name === ' ' ? closed : { dash, effects: [] };
  }
}
