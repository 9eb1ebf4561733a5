import type { LiveService } from '../../../api/live.js';
import type { Row } from '../cells.js';
import { severalProjects } from '../list.js';
import { shownNotices } from '../notices.js';
import type { DashboardState } from '../state.js';
import { shownNow } from '../state.js';
import { plural } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { joined, span } from '../text/rows.js';
import { widthOf, wrap } from '../text/width.js';
import { progressBar } from './bars.js';
import { serviceCharts } from './charts.js';
import { addressesOf, serviceFacts, upFor } from './facts.js';
import { noticeRow, ruleRow, sideBySide } from './parts.js';
import { sparkline } from './sparkline.js';

const WIDE = 110;

/** Below the table: what there is to say about the service under the cursor, and what happened last. */
export function paneRows(dash: DashboardState, height: number, glyphs: Glyphs): readonly Row[] {
  if (height < 4) return [];
  const { columns } = dash.size;
  const service = dash.live?.services.find(({ id }) => id === dash.selected);
  if (columns < WIDE || height < 9) {
    const about = service ? aboutRows(dash, service, columns, glyphs) : [];
    const rest = height - 1 - about.length;
    return [[], ...about, ...(rest >= 3 ? eventRows(dash, rest, columns) : [])].slice(0, height);
  }
  const left = Math.floor(columns * 0.55);
  const right = columns - left - 1;
  const about = service ? wideRows(dash, service, left, height - 1, glyphs) : [];
  return [[], ...sideBySide(about, eventRows(dash, height - 1, right - 1), left, right)];
}

function aboutRows(dash: DashboardState, service: LiveService, columns: number, glyphs: Glyphs): readonly Row[] {
  return [
    ruleRow([span(service.name, 'title')], columns),
    ...whyRows(service, columns, glyphs),
    ...sparkRow(dash, service, columns, glyphs),
    linksRow(dash, service, columns),
  ];
}

function wideRows(dash: DashboardState, service: LiveService, columns: number, height: number, glyphs: Glyphs): readonly Row[] {
  const words = [ruleRow([span(service.name, 'title')], columns), ...whyRows(service, columns, glyphs), linksRow(dash, service, columns)];
  const room = Math.min(28, height - words.length - 3);
  if (!service.usage) return [...words, ...serviceFacts(dash, service, columns)];
  if (room < 5) return [...words, ...sparkRow(dash, service, columns, glyphs)];
  const memory = Math.ceil(room * 0.6);
  return [...words, ...serviceCharts(dash, service, { span: '1m', zoomed: false }, { columns, memory, cpu: room - memory }, glyphs)];
}

/** Why it is as it is; while it loads a model, how far that is. */
function whyRows({ why, loading }: LiveService, columns: number, glyphs: Glyphs): readonly Row[] {
  const lines = wrap(why, columns - 2);
  const bar: readonly Row[] = loading ? [[span(' '), ...progressBar(loading.share, Math.min(40, columns - 2), glyphs)]] : [];
  const words = lines.slice(0, 2).map((line, at): Row => [span(` ${line}${at === 1 && lines.length > 2 ? ' …' : ''}`)]);
  return [...bar, ...words];
}

/** The last minute, where the table has no room for it. */
function sparkRow(dash: DashboardState, { id, memory, usage }: LiveService, columns: number, glyphs: Glyphs): readonly Row[] {
  if (!usage) return [];
  const cells = Math.min(30, Math.floor((columns - 30) / 2));
  const points = dash.series.get(id) ?? [];
  const cpu = points.map(({ at, cpu: value }) => ({ at, workingSet: value, cpu: null }));
  const line = sparkline(points, shownNow(dash), cells, memory.grant, glyphs);
  const work = sparkline(cpu, shownNow(dash), cells, Math.max(100, ...points.map(point => point.cpu ?? 0)), glyphs);
  return [[span(' 60 s  memory ', 'dim'), span(line, 'used'), span('  CPU ', 'dim'), span(work, 'accent')]];
}

/** How to reach it, and what it depends on. */
function linksRow(dash: DashboardState, service: LiveService, columns: number): Row {
  const { dependsOn, connections } = service;
  const addresses = addressesOf(service);
  const up = upFor(dash, service);
  const parts: Row[] = [
    ...(addresses === '' ? [] : [[span(addresses, 'strong')]]),
    ...(connections > 0 ? [[span(plural(connections, 'connection'))]] : []),
    ...(up === '' ? [] : [[span(up)]]),
    ...(dependsOn.length > 0 ? [[span('needs ', 'dim'), span(dependsOn.join(', '))]] : []),
  ];
  return [span(' '), ...joined(parts, ' · ', columns - 2)];
}

function eventRows(dash: DashboardState, height: number, columns: number): readonly Row[] {
  const projects = severalProjects(dash.live?.services ?? []);
  const shown = shownNotices({ ...dash, filter: '' }).slice(1 - height);
  const names = Math.min(
    18,
    Math.max(7, ...shown.map(({ project, service }) => widthOf(service ?? project) + (projects ? widthOf(project) + 1 : 0))),
  );
  const none: Row[] = [[span(' nothing yet', 'dim')]];
  return [
    ruleRow([span('events', 'title')], columns),
    ...(shown.length === 0 ? none : shown.map(each => noticeRow(each, names, projects))),
  ];
}
