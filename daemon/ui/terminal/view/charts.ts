import type { LiveService } from '../../../api/live.js';
import type { Ms } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import { type DashboardState, type SpanName, shownNow } from '../state.js';
import { percent, short } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';
import { AXIS, chartRows, fromHistory, fromPoints, type Line, timeRow } from './chart.js';

const SPANS: Readonly<Record<SpanName, Ms>> = { '1m': 60_000, '15m': 900_000, '24h': 86_400_000 };
const MARGIN = 16;
/** Upper edges of a chart of CPU, % of a core. */
const NICE = [1, 2, 5, 10, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400];

export interface ChartSize {
  readonly columns: number;
  readonly memory: number;
  /** 0: memory alone. */
  readonly cpu: number;
}

/** Memory and CPU of a service over a span of time, one above the other. `zoomed`: up to the peak instead of the maximum. */
export function serviceCharts(
  dash: DashboardState,
  service: LiveService,
  { span: name, zoomed }: { readonly span: SpanName; readonly zoomed: boolean },
  { columns, memory: height, cpu }: ChartSize,
  glyphs: Glyphs,
): readonly Row[] {
  const cells = Math.max(10, columns - AXIS - MARGIN);
  const { memory, cpu: work } = valuesOf(dash, service, name, cells * 2);
  const peak = highest(memory);
  const { standard, grant, maximum } = service.memory;
  const lines: Line[] = linesOf(standard, grant, maximum);
  const top = zoomed ? Math.max(1, peak * 1.15) : Math.max(maximum, peak, 1);
  const busiest = highest(work);
  const cpuTop = NICE.find(nice => nice >= busiest) ?? busiest;
  return [
    caption('memory', service.usage ? `${short(service.usage.workingSet)} now` : 'not measured', peak > 0 ? `peak ${short(peak)}` : ''),
    ...chartRows({ values: memory, top, height, lines, margin: MARGIN, style: 'used', figure: short }, glyphs),
    ...(cpu === 0
      ? []
      : [
          caption(
            'CPU',
            service.usage?.cpu == null ? 'not measured' : `${percent(service.usage.cpu)} of a core`,
            busiest > 0 ? `peak ${percent(busiest)}` : '',
          ),
          ...chartRows({ values: work, top: cpuTop, height: cpu, lines: [], margin: MARGIN, style: 'accent', figure: percent }, glyphs),
        ]),
    timeRow(cells, SPANS[name]),
  ];
}

function caption(what: string, now: string, more: string): Row {
  return [span(` ${what} `, 'title'), span(now), span(more === '' ? '' : `, ${more}`, 'dim')];
}

/** What is the same has one line. */
function linesOf(standard: number, grant: number, maximum: number): Line[] {
  const named: [number, string][] = [[standard, 'standard'], [grant, 'grant'], [maximum, 'max']]; // biome-ignore format: a table
  const heights = [...new Set(named.map(([at]) => at))].filter(at => at > 0);
  return heights.map(at => {
    const names = named.filter(([other]) => other === at).map(([, name]) => name);
    return {
      at,
      label: `${names.length > 2 ? 'limit' : names.map(name => (names.length > 1 && name === 'standard' ? 'std' : name)).join('=')} ${short(at)}`,
    };
  });
}

function valuesOf(dash: DashboardState, { id }: LiveService, name: SpanName, count: number) {
  const to = shownNow(dash);
  const from = to - SPANS[name];
  if (name === '1m') {
    const points = dash.series.get(id) ?? [];
    return {
      memory: fromPoints(points, from, to, count, point => point.workingSet),
      cpu: fromPoints(points, from, to, count, point => point.cpu),
    };
  }
  const { history } = dash;
  const data = history?.id === id && history.span === name ? history.data : { slot: 0, entries: [] };
  return { memory: fromHistory(data, from, to, count, entry => entry.peak), cpu: fromHistory(data, from, to, count, entry => entry.cpu) };
}

function highest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}
