import type { ServiceId } from '../../../model/spec.js';
import { type DashboardState, type Screen, screenOf } from '../state.js';

/** With this screen on top of what is seen. */
export function opened(dash: DashboardState, screen: Screen): DashboardState {
  return { ...dash, screens: [...dash.screens, screen] };
}

/** As it was before the last screen was opened. On a tab: the first tab. */
export function back(dash: DashboardState): DashboardState {
  if (dash.screens.length > 1) return { ...dash, screens: dash.screens.slice(0, -1) };
  return screenOf(dash).kind === 'services' ? dash : onTab(dash, 'services');
}

export function onTab(dash: DashboardState, tab: 'services' | 'events' | 'budget'): DashboardState {
  return { ...dash, screens: [tab === 'events' ? { kind: 'events', bottom: null } : { kind: tab }] };
}

/** With other values in the screen on top. */
export function changed<S extends Screen>(dash: DashboardState, screen: S, values: Partial<Omit<S, 'kind'>>): DashboardState {
  return { ...dash, screens: [...dash.screens.slice(0, -1), { ...screen, ...values }] };
}

export function withDetail(dash: DashboardState, id: ServiceId | null): DashboardState {
  return id === null ? dash : opened({ ...dash, selected: id }, { kind: 'detail', id, span: '1m', zoomed: false, top: 0 });
}

/** The logs of one service, or of all of a project. */
export function withLogs(dash: DashboardState, project: string, services: readonly string[]): DashboardState {
  const view = { bottom: null, left: 0, search: '', hit: null, filter: '', wraps: false, clocks: false };
  return opened(dash, { kind: 'logs', project, services, ...view });
}

/** The service that keys are about: that of the detail, or the one under the cursor. */
export function subject(dash: DashboardState) {
  const screen = screenOf(dash);
  const id = screen.kind === 'detail' ? screen.id : dash.selected;
  return dash.live?.services.find(service => service.id === id) ?? null;
}
