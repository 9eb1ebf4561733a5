import type { LiveService } from '../../../api/live.js';
import type { Row } from '../cells.js';
import { noticesOf } from '../notices.js';
import type { DashboardState, Screen } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { ends, joined, span } from '../text/rows.js';
import { wrap } from '../text/width.js';
import { progressBar } from './bars.js';
import { serviceCharts } from './charts.js';
import { serviceFacts, upFor } from './facts.js';
import { stateSpan } from './labels.js';
import { logRow } from './logs.js';
import { noticeRow, ruleRow, sideBySide } from './parts.js';

type DetailScreen = Extract<Screen, { kind: 'detail' }>;

const WIDE = 110;
const EVENTS = 4;
const LINES = 8;

/** A service in full: more rows than the screen may have; they are scrolled. */
export function detailRows(dash: DashboardState, screen: DetailScreen, height: number, glyphs: Glyphs): readonly Row[] {
  const { columns } = dash.size;
  const service = dash.live?.services.find(({ id }) => id === screen.id);
  if (!service) return [[], [span(`  ${screen.id} is not there any more. escape goes back.`, 'strong')]];
  const { why, loading } = service;
  const bar: readonly Row[] = loading ? [[span(' '), ...progressBar(loading.share, Math.min(60, columns - 2), glyphs)]] : [];
  const head = [titleRow(dash, service, screen, glyphs), ...bar, ...wrap(why, columns - 2).map((line): Row => [span(` ${line}`)])];
  if (columns < WIDE) {
    const memory = Math.max(3, Math.min(10, Math.floor((height - head.length - 5) / 2) - 1));
    const charts = serviceCharts(dash, service, screen, { columns, memory, cpu: Math.max(2, memory - 1) }, glyphs);
    const events = eventsOf(dash, service, EVENTS, columns);
    return [...head, ...charts, ...serviceFacts(dash, service, columns), ...events, ...linesOf(dash, LINES, columns)];
  }
  const left = Math.floor(columns * 0.58);
  const right = columns - left - 1;
  const tall = Math.max(4, Math.floor((height - head.length) * 0.55));
  const memory = Math.max(4, Math.ceil((tall - 3) * 0.6));
  const charts = serviceCharts(dash, service, screen, { columns: left, memory, cpu: Math.max(2, tall - 3 - memory) }, glyphs);
  const upper = sideBySide(charts, serviceFacts(dash, service, right - 1), left, right);
  const rest = Math.max(4, height - head.length - upper.length - 1);
  const lower = sideBySide(linesOf(dash, rest, left), eventsOf(dash, service, rest - 1, right - 1), left, right);
  return [...head, ...upper, [], ...lower];
}

function titleRow(dash: DashboardState, service: LiveService, { span: name, zoomed }: DetailScreen, glyphs: Glyphs): Row {
  const health = service.health === 'none' ? [] : [[span(service.health, service.health === 'unhealthy' ? 'warn' : 'plain')]];
  const up = upFor(dash, service);
  const parts: Row[] = [
    [span(`${service.project}/`, 'dim'), span(service.name, 'selected')],
    [stateSpan(service, glyphs)],
    ...health,
    ...(up === '' ? [] : [[span(up)]]),
    ...(service.pinned ? [[span('pinned', 'accent')]] : []),
    [span(service.profile, 'dim')],
  ];
  const spans = ['1m', '15m', '24h'].map(each => span(each === name ? `[${each}]` : ` ${each} `, each === name ? 'selected' : 'dim'));
  const right: Row = [...(zoomed ? [span('zoomed ', 'accent')] : []), ...spans];
  return ends([span(' '), ...joined(parts, ' · ', dash.size.columns - 22)], right, dash.size.columns);
}

function eventsOf(dash: DashboardState, { project, name }: LiveService, most: number, columns: number): readonly Row[] {
  const notices = noticesOf(dash, project, name).slice(-most);
  const none: Row[] = [[span(' none yet', 'dim')]];
  return [
    ruleRow([span('events', 'title')], columns),
    ...(notices.length === 0 ? none : notices.map(notice => noticeRow(notice, 0, false))),
  ];
}

function linesOf({ logs }: DashboardState, most: number, columns: number): readonly Row[] {
  const lines = (logs?.lines ?? []).slice(-Math.max(1, most - 1));
  const text = logs?.ended?.failure ? logs.ended.failure.message : logs?.ended ? 'nothing was written' : 'nothing was written yet';
  const rows =
    lines.length === 0 ? [[span(` ${text}`, 'dim')]] : lines.map(line => logRow(line, { names: null, clocks: false, search: '', left: 0 }));
  return [ruleRow([span('log', 'title')], columns), ...rows];
}
