import type { LiveDelta, LiveService, StreamFrame } from '../../../api/live.js';
import { applyDelta } from '../../../api/live-delta.js';
import type { HistorySpan } from '../../../api/live-history.js';
import type { LoggedNotice } from '../../../api/notice.js';
import type { ServiceId } from '../../../model/spec.js';
import type { Ms } from '../../../shared/span.js';
import type { ChartPoint, DashboardState } from '../state.js';
import { withMessage } from './message.js';

const KEPT_NOTICES = 500;
/** A little more than what is shown, so that the left end of a sparkline does not flicker. */
const KEPT: Ms = 65_000;

/** What the stream says, folded into what is known. */
export function foldFrame(dash: DashboardState, frame: StreamFrame): DashboardState {
  switch (frame.type) {
    case 'snapshot':
      return begun(dash, frame);
    case 'delta':
      return changed(dash, frame.live);
    case 'notice':
      return noticed(dash, frame.notice);
    case 'heartbeat':
      return { ...dash, now: Math.max(dash.now, frame.at) };
  }
}

function begun(dash: DashboardState, { live, notices, recent }: Extract<StreamFrame, { type: 'snapshot' }>): DashboardState {
  const series = new Map(live.services.map(service => [service.id, firstPoints(service, recent[service.id], live.at)]));
  const back: DashboardState =
    dash.link.kind === 'lost'
      ? withMessage({ ...dash, link: { kind: 'live' } }, 'the daemon is back', false)
      : { ...dash, link: { kind: 'live' } };
  return {
    ...back,
    live,
    now: Math.max(dash.now, live.at),
    stopsAt: new Map(live.services.map(({ id }) => [id, live.at])),
    series,
    notices: notices.slice(-KEPT_NOTICES),
    // What was under way was with a daemon that is gone; logs are opened anew.
    ...(dash.link.kind === 'lost' ? { underWay: [], prompt: null, logs: null, asked: null } : {}),
  };
}

function firstPoints(service: LiveService, recent: HistorySpan | undefined, at: Ms): readonly ChartPoint[] {
  const before = (recent?.entries ?? []).filter(entry => entry.at > at - KEPT && entry.at < at);
  const points: ChartPoint[] = before.map(({ at: when, workingSet, cpu }) => ({ at: when, workingSet, cpu }));
  return [...points, pointOf(service, at)];
}

function pointOf({ usage }: Pick<LiveService, 'usage'>, at: Ms): ChartPoint {
  return { at, workingSet: usage?.workingSet ?? null, cpu: usage?.cpu ?? null };
}

function changed(dash: DashboardState, delta: LiveDelta): DashboardState {
  if (!dash.live) return dash;
  const live = applyDelta(dash.live, delta);
  const services = delta.services ?? [];
  const gone = delta.removed ?? [];
  const stops = services.filter(service => 'stopsIn' in service);
  const used = services.filter(service => 'usage' in service);
  return {
    ...dash,
    live,
    now: Math.max(dash.now, delta.at),
    stopsAt: stops.length + gone.length > 0 ? without(dash.stopsAt, gone, stops.map(({ id }) => [id, delta.at])) : dash.stopsAt,
    series:
      used.length + gone.length > 0
        ? without(dash.series, gone, used.map(service => [service.id, withPoint(dash.series.get(service.id), service, delta.at)]))
        : dash.series,
  }; // biome-ignore format: two maps, two lines
}

function without<T>(
  map: ReadonlyMap<ServiceId, T>,
  gone: readonly ServiceId[],
  more: readonly (readonly [ServiceId, T])[],
): ReadonlyMap<ServiceId, T> {
  const next = new Map([...map, ...more]);
  for (const id of gone) next.delete(id);
  return next;
}

function withPoint(points: readonly ChartPoint[] = [], service: Partial<LiveService>, at: Ms): readonly ChartPoint[] {
  const point = pointOf({ usage: service.usage ?? null }, at);
  const from = points.findIndex(each => each.at > at - KEPT);
  // The last one before holds at the left end.
  return [...(from < 0 ? points.slice(-1) : points.slice(Math.max(0, from - 1))), point];
}

/** What went wrong is said at the foot of the screen as well. */
function noticed(dash: DashboardState, notice: LoggedNotice): DashboardState {
  const next = { ...dash, notices: [...dash.notices.slice(1 - KEPT_NOTICES), notice] };
  if (notice.level === 'info') return next;
  return withMessage(next, `${notice.service ?? notice.project}: ${notice.text}`, notice.level === 'error');
}
