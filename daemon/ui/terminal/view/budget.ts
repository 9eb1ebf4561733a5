import type { LiveService } from '../../../api/live.js';
import type { Row, Style } from '../cells.js';
import type { DashboardState } from '../state.js';
import { countdown, short } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { joined, span } from '../text/rows.js';
import { widthOf } from '../text/width.js';
import { budgetBarRow, scaled } from './bars.js';
import { type Column, nowCell } from './columns.js';
import { stateSpan, stopsIn } from './labels.js';

/** What the bar means, above the table. */
export function budgetLines(dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const budget = dash.live?.budget;
  if (!budget) return [];
  const { columns } = dash.size;
  const free = Math.max(0, budget.budget - budget.granted);
  const share = Math.round((100 * budget.granted) / Math.max(1, budget.budget));
  const part = (sign: string, style: Style, name: string, figure: string): Row => [
    span(`${sign} `, style),
    span(`${name} `, 'dim'),
    span(figure),
  ];
  const legend = [
    part(glyphs.used, 'used', 'used', short(budget.workingSet)),
    part(glyphs.granted, 'granted', 'granted, not used', short(Math.max(0, budget.granted - budget.workingSet))),
    part(glyphs.mark, 'strong', 'standards', short(budget.standard)),
    part(glyphs.reserve, 'reserve', 'free', short(free)),
  ];
  const above = Math.max(0, budget.granted - budget.standard);
  const lent = above > 0 ? [span(` ${short(above)} `), span('above the standards is lent: taken back when others need it', 'dim')] : [];
  return [
    [span(` ${share} % of ${short(budget.budget)} granted`, 'strong'), span(`; ${short(free)} are free for what starts`, 'dim')],
    [span(' '), ...budgetBarRow(budget, columns - 2, glyphs)],
    [span(' '), ...joined(legend, '   ', columns - 2)],
    lent,
  ];
}

/** The holders on one scale, the one that is evicted next, and those that are kept and why. */
export function budgetColumns(dash: DashboardState, glyphs: Glyphs): readonly Column[] {
  const { columns } = dash.size;
  const services = dash.live?.services ?? [];
  const longest = services.reduce((most, { name }) => Math.max(most, widthOf(name)), 4);
  const name = Math.max(8, Math.min(longest, Math.floor(columns / 6)));
  const isMedium = columns >= 74;
  const bar = Math.max(8, Math.min(50, Math.floor(columns / 4) - 4));
  const whole = Math.max(1, ...services.map(({ memory }) => memory.maximum));
  const barOf = ({ memory, usage }: LiveService): Row =>
    scaled(
      Math.max(1, Math.round((bar * memory.maximum) / whole)),
      memory.maximum,
      usage?.workingSet ?? 0,
      memory.grant,
      memory.maximum,
      memory.standard,
      glyphs,
    );
  const figures: Column[] = [
    {
      title: 'GRANT',
      cells: 5,
      align: 'right',
      row: ({ memory }) => [memory.grant > 0 ? span(short(memory.grant), 'strong') : span('-', 'dim')],
    },
    { title: 'NOW', cells: 6, align: 'right', row: nowCell },
    { title: 'STD', cells: 5, align: 'right', row: ({ memory }) => [span(short(memory.standard))] },
    ...(isMedium
      ? [{ title: 'MAX', cells: 5, align: 'right' as const, row: ({ memory }: LiveService) => [span(short(memory.maximum), 'dim')] }]
      : []),
  ];
  const state: Column[] = columns < 96 ? [] : [{ title: 'STATE', cells: 11, row: service => [stateSpan(service, glyphs)] }];
  const scale: Column = { title: 'ON ONE SCALE', cells: bar, row: barOf };
  const fixed: Column[] = [{ title: 'NAME', cells: name, row: service => [span(service.name)] }, ...state, ...figures, scale];
  const taken = 2 + fixed.reduce((sum, { cells }) => sum + cells + 1, 0);
  return [...fixed, { title: 'GOES, OR IS KEPT', cells: Math.max(4, columns - taken), row: service => fateOf(dash, service) }];
}

/** What would become of it when memory is short; of what holds nothing, what a start would take. */
function fateOf(dash: DashboardState, service: LiveService): Row {
  const { next, protectedBy, memory, state } = service;
  if (next) {
    const left = stopsIn(service, dash);
    const idle = left === null ? '' : `, or in ${countdown(left)}`;
    return [span(`#${next.rank}`, 'accent'), span(` frees ${short(next.frees)}`), span(idle, 'dim')];
  }
  if (memory.grant > 0) return [span(protectedBy === null ? 'stays' : `kept: ${protectedBy}`, 'dim')];
  const free = (dash.live?.budget.budget ?? 0) - (dash.live?.budget.granted ?? 0);
  const word = state === 'asleep' ? 'wakes with' : 'needs';
  if (memory.standard <= free) return [span(`${word} ${short(memory.standard)}: fits`, 'good')];
  return [span(`${word} ${short(memory.standard)}: ${short(memory.standard - free)} short, others would go`, 'warn')];
}
