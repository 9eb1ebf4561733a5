import type { LiveService } from '../../../api/live.js';
import type { Row } from '../cells.js';
import { isGrouped, severalProjects } from '../list.js';
import type { DashboardState } from '../state.js';
import { shownNow } from '../state.js';
import { countdown, percent, short } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';
import { sized, widthOf } from '../text/width.js';
import { memoryBarRow } from './bars.js';
import { keptLabel, stateSpan, stopsIn } from './labels.js';
import { sparkline } from './sparkline.js';

export interface Column {
  readonly title: string;
  readonly cells: number;
  readonly align?: 'right';
  readonly sort?: DashboardState['sort'];
  row(service: LiveService): Row;
}

/** The columns of the table of services that a screen of this width has room for. */
export function columnsFor(dash: DashboardState, glyphs: Glyphs): readonly Column[] {
  const { columns } = dash.size;
  const services = dash.live?.services ?? [];
  const isMedium = columns >= 74;
  const project = severalProjects(services) && !isGrouped(dash) ? [projectColumn(services)] : [];
  const spark = columns < 96 ? 0 : Math.min(30, 10 + Math.floor((columns - 96) / 5));
  const fixed: Column[] = [
    ...project,
    { title: 'STATE', sort: 'state', cells: 11, row: service => [stateSpan(service, glyphs)] },
    ...figures(isMedium),
    ...(isMedium ? [cpuColumn(), connectionsColumn()] : []),
    ...(spark > 0 ? [sparkColumn(dash, spark, glyphs)] : []),
    stopsColumn(dash),
    nextColumn(),
  ];
  const taken = 2 + fixed.reduce((sum, { cells }) => sum + cells + 1, 0);
  const longest = services.reduce((most, { name }) => Math.max(most, widthOf(name)), 4);
  const name = Math.max(8, Math.min(longest, Math.floor((columns - taken) / 2)));
  const rest = columns - taken - name - 1;
  const bar = columns < 116 ? rest - 1 : Math.min(28, 16 + Math.floor((columns - 116) / 8));
  const why = rest - bar - 1;
  const [state, ...others] = fixed.slice(project.length);
  return [
    ...project,
    { title: 'NAME', sort: 'name', cells: name, row: service => [span(service.name)] },
    ...(state ? [state] : []),
    { title: barTitle(bar, glyphs), sort: 'memory', cells: bar, row: service => memoryBarRow(service, bar, glyphs) },
    ...others,
    ...(why > 12 ? [{ title: 'WHY', cells: why - 1, row: ({ why: text }: LiveService) => [span(text, 'dim')] }] : []),
  ];
}

function barTitle(cells: number, { mark }: Glyphs): string {
  return ['MEMORY to maximum, ', 'MEMORY '].map(text => `${text}${mark}standard`).find(text => text.length <= cells) ?? 'MEMORY';
}

function projectColumn(services: readonly LiveService[]): Column {
  const cells = Math.min(12, Math.max(7, ...services.map(({ project }) => widthOf(project))));
  return { title: 'PROJECT', cells, row: ({ project }) => [span(project, 'dim')] };
}

/** ▲ beside what is used: more than its standard; ! near its limit. */
function figures(isMedium: boolean): Column[] {
  const maximum: Column = { title: 'MAX', cells: 5, align: 'right', row: ({ memory }) => [span(short(memory.maximum), 'dim')] };
  return [
    { title: 'NOW', sort: 'memory', cells: 6, align: 'right', row: nowCell },
    { title: 'GRANT', cells: 5, align: 'right', row: ({ memory }) => [memory.grant > 0 ? span(short(memory.grant)) : span('-', 'dim')] },
    ...(isMedium ? [maximum] : []),
  ];
}

export function nowCell({ memory, usage }: LiveService): Row {
  if (usage === null) return [span(memory.grant > 0 ? '?' : '-', 'dim')];
  const used = usage.workingSet;
  if (memory.grant > 0 && used > 0.9 * memory.grant) return [span(`!${short(used)}`, 'bad')];
  return [used > memory.standard ? span(`▲${short(used)}`, 'busy') : span(short(used), 'strong')];
}

function cpuColumn(): Column {
  const cell = ({ usage }: LiveService): Row => [usage?.cpu == null ? span('-', 'dim') : span(percent(usage.cpu))];
  return { title: 'CPU', sort: 'cpu', cells: 4, align: 'right', row: cell };
}

function connectionsColumn(): Column {
  return {
    title: 'CON',
    cells: 3,
    align: 'right',
    row: ({ connections }) => [connections > 0 ? span(`${connections}`) : span('-', 'dim')],
  };
}

function sparkColumn(dash: DashboardState, cells: number, glyphs: Glyphs): Column {
  const row = ({ id, memory }: LiveService): Row => [
    span(sparkline(dash.series.get(id) ?? [], shownNow(dash), cells, memory.grant || memory.maximum, glyphs), 'used'),
  ];
  return { title: sized('60 s', cells), cells, row };
}

function stopsColumn(dash: DashboardState): Column {
  const row = (service: LiveService): Row => {
    const left = stopsIn(service, dash);
    return [left === null ? span('-', 'dim') : span(countdown(left), left < 60_000 ? 'accent' : 'plain')];
  };
  return { title: dash.size.columns < 96 ? 'STOPS' : 'STOPS IN', cells: dash.size.columns < 96 ? 5 : 8, align: 'right', row };
}

function nextColumn(): Column {
  const row = (service: LiveService): Row => [service.next ? span(`#${service.next.rank}`, 'accent') : span(keptLabel(service), 'dim')];
  return { title: 'NEXT', sort: 'next', cells: 5, row };
}
