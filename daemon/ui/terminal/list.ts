import type { LiveService } from '../../api/live.js';
import type { ServiceId } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import type { ChartPoint, DashboardState } from './state.js';

/** A line of a table of services. A heading names a project, or (null) begins those that hold nothing. */
export type ListRow =
  | { readonly kind: 'heading'; readonly project: string | null }
  | { readonly kind: 'service'; readonly service: LiveService };

/** An order by figures is looked at again this often, and not while the user moves through it. */
const REORDER: Ms = 5_000;
const QUIET: Ms = 3_000;
/** One has to be this much above another to pass it. */
const MARGIN = 1.15;

/** The services that the filter lets through, in the order shown. */
export function shownServices(dash: DashboardState): readonly LiveService[] {
  const services = new Map((dash.live?.services ?? []).map(service => [service.id, service]));
  const shown = dash.order.flatMap(id => {
    const service = services.get(id);
    return service && matches(service, dash.filter) ? [service] : [];
  });
  return isOnBudget(dash) ? shown.toSorted((a, b) => b.memory.grant - a.memory.grant || b.memory.standard - a.memory.standard) : shown;
}

/** The tab at the bottom is the budget: the largest holder comes first. */
export function isOnBudget({ screens }: DashboardState): boolean {
  return screens[0]?.kind === 'budget';
}

/** All words of the filter are in its project, name or state. */
function matches({ project, name, state, health }: LiveService, filter: string): boolean {
  if (filter === '') return true;
  const text = `${project}/${name} ${state} ${health === 'unhealthy' ? health : ''}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(' ')
    .every(word => text.includes(word));
}

/** With a line for each project where there are several and they stand together. */
export function listRows(dash: DashboardState): readonly ListRow[] {
  const services = shownServices(dash);
  if (isOnBudget(dash)) return budgetRows(services);
  if (!isGrouped(dash)) return services.map(service => ({ kind: 'service', service }));
  return services.flatMap((service, at): ListRow[] => {
    const row: ListRow = { kind: 'service', service };
    return services[at - 1]?.project === service.project ? [row] : [{ kind: 'heading', project: service.project }, row];
  });
}

function budgetRows(services: readonly LiveService[]): readonly ListRow[] {
  const idle = services.findIndex(({ memory }) => memory.grant === 0);
  const rows = services.map((service): ListRow => ({ kind: 'service', service }));
  return idle < 0 ? rows : [...rows.slice(0, idle), { kind: 'heading', project: null }, ...rows.slice(idle)];
}

/** Projects stand together when the order is not by figures. */
export function isGrouped({ live, sort }: DashboardState): boolean {
  return (sort === 'state' || sort === 'name') && severalProjects(live?.services ?? []);
}

export function severalProjects(services: readonly LiveService[]): boolean {
  return services.some(({ project }) => project !== services[0]?.project);
}

/** With the order that holds now. By figures it changes rarely, and only where one has clearly passed another: rows do not jump. */
export function ordered(before: DashboardState, dash: DashboardState): DashboardState {
  const services = dash.live?.services ?? [];
  if (dash.sort === 'state' || dash.sort === 'name') {
    if (dash.live === before.live && dash.sort === before.sort) return dash;
    const order = byNature(services, dash.sort);
    return order.length === dash.order.length && order.every((id, at) => id === dash.order[at])
      ? dash
      : { ...dash, order, orderedAt: dash.now };
  }
  const isDue = dash.orderedAt === 0 || (dash.now - dash.orderedAt >= REORDER && dash.now - dash.keyAt >= QUIET);
  const known = new Set(dash.order);
  const isSame = services.length === known.size && services.every(({ id }) => known.has(id));
  return isSame && !isDue ? dash : { ...dash, order: byFigure(dash, services), orderedAt: dash.now };
}

function byNature(services: readonly LiveService[], sort: 'state' | 'name'): ServiceId[] {
  return [...services]
    .sort((a, b) => compare(a.project, b.project) || (sort === 'state' ? classOf(a) - classOf(b) : 0) || compare(a.name, b.name))
    .map(({ id }) => id);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** What needs a look first, then what runs, what sleeps, what is off. */
function classOf({ state }: LiveService): number {
  if (state === 'failed') return 0;
  if (state === 'asleep') return 2;
  return state === 'stopped' ? 3 : 1;
}

function byFigure(dash: DashboardState, services: readonly LiveService[]): ServiceId[] {
  const known = new Map(services.map(service => [service.id, service]));
  const kept = dash.order.filter(id => known.has(id));
  const added = byNature(services, 'name').filter(id => !kept.includes(id));
  const figure = new Map(services.map(service => [service.id, figureOf(service, dash)]));
  const margin = dash.orderedAt === 0 || dash.sort === 'next' ? 1 : MARGIN;
  const passes = (id: ServiceId, other: ServiceId) => (figure.get(id) ?? 0) > (figure.get(other) ?? 0) * margin;
  const order: ServiceId[] = [];
  for (const id of [...kept, ...added]) {
    let at = order.length;
    while (at > 0 && passes(id, order[at - 1] ?? id)) at--;
    order.splice(at, 0, id);
  }
  return order;
}

/** The higher, the earlier. */
function figureOf({ id, next, memory, connections }: LiveService, { sort, series, now }: DashboardState): number {
  if (sort === 'next') return next ? 1_000_000 - next.rank : memory.grant > 0 ? 1 + Math.min(connections, 1) : 0;
  const points = series.get(id) ?? [];
  return smoothed(points, now, sort === 'cpu' ? point => point.cpu : point => point.workingSet);
}

/** The mean of the last 10 s; of the last known where nothing changed since. */
function smoothed(points: readonly ChartPoint[], now: Ms, of: (point: ChartPoint) => number | null): number {
  const last = points.at(-1);
  if (!last || of(last) === null) return 0;
  const recent = points.filter(({ at }) => at >= now - 10_000);
  const values = (recent.length > 0 ? recent : [last]).flatMap(point => of(point) ?? []);
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
