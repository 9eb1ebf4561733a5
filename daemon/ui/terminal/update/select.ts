import type { ServiceId } from '../../../model/spec.js';
import { splitOf } from '../layout.js';
import { isOnBudget, listRows, shownServices } from '../list.js';
import type { DashboardState } from '../state.js';
import { layoutNow } from '../view/view.js';

/** With another service under the cursor: so many further down. */
export function moved(dash: DashboardState, by: number): DashboardState {
  const services = shownServices(dash);
  const at = services.findIndex(({ id }) => id === dash.selected);
  const next = services[Math.max(0, Math.min(services.length - 1, at + by))];
  return next ? { ...dash, selected: next.id } : dash;
}

/** The service so many below another one; from the last it goes on to the first. */
export function neighbour(dash: DashboardState, id: ServiceId, by: 1 | -1): ServiceId {
  const services = shownServices(dash);
  const at = services.findIndex(service => service.id === id);
  return services[(at + by + services.length) % Math.max(1, services.length)]?.id ?? id;
}

/** What the cursor and the window depend on, where neither a filter nor the order of the budget goes by what services use. */
const KEYS = ['order', 'selected', 'top', 'filter', 'screens', 'size', 'prompt', 'entry', 'message', 'link', 'sort'] as const;

function isPlain(dash: DashboardState): boolean {
  return dash.filter === '' && !isOnBudget(dash) && dash.live?.engine !== null;
}

/** After something has happened: the cursor is on a service that is shown, and that service is in the window. */
export function settled(before: DashboardState, dash: DashboardState): DashboardState {
  if (isPlain(dash) && isPlain(before) && KEYS.every(key => before[key] === dash[key])) return dash;
  const selected = selectedNow(before, dash);
  const next = selected === dash.selected ? dash : { ...dash, selected };
  const top = topFor(next);
  return top === next.top ? next : { ...next, top };
}

/** The same service as before; where it is not shown any more, the one in its place. */
function selectedNow(before: DashboardState, dash: DashboardState): ServiceId | null {
  const services = shownServices(dash);
  if (services.some(({ id }) => id === dash.selected)) return dash.selected;
  const was = shownServices(before).findIndex(({ id }) => id === dash.selected);
  return services[Math.max(0, Math.min(was, services.length - 1))]?.id ?? null;
}

function topFor(dash: DashboardState): number {
  const rows = listRows(dash);
  const { table } = splitOf(dash, layoutNow(dash).body);
  const height = Math.max(1, table - 1);
  const at = rows.findIndex(row => row.kind === 'service' && row.service.id === dash.selected);
  // The heading of the first one is seen with it.
  const from = rows[at - 1]?.kind === 'heading' ? at - 1 : at;
  const top = Math.min(Math.max(dash.top, at - height + 1), Math.max(0, from), Math.max(0, rows.length - height));
  return Math.max(0, top);
}
