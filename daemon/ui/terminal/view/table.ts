import type { LiveService } from '../../../api/live.js';
import type { Row } from '../cells.js';
import { type ListRow, listRows } from '../list.js';
import type { DashboardState } from '../state.js';
import { short } from '../text/figures.js';
import { filled, span } from '../text/rows.js';
import { sized } from '../text/width.js';
import type { Column } from './columns.js';
import { ruleRow } from './parts.js';

/** The table of services: a line of titles, and those of its rows that are in the window. */
export function tableRows(dash: DashboardState, columns: readonly Column[], height: number): readonly Row[] {
  const rows = listRows(dash).slice(dash.top, dash.top + height - 1);
  return [titles(columns, dash), ...rows.map(row => tableRow(row, columns, dash))];
}

function titles(columns: readonly Column[], { sort }: DashboardState): Row {
  const cells = columns.map(({ title, cells: width, align, sort: by }): Row => {
    const isSort = by === sort && !title.startsWith('MEMORY');
    return [span(sized(isSort ? `${title}▾` : title, width, align), isSort ? 'strong' : 'dim')];
  });
  return [span('  '), ...cells.flatMap((cell, at) => (at === 0 ? cell : [span(' '), ...cell]))];
}

function tableRow(row: ListRow, columns: readonly Column[], dash: DashboardState): Row {
  if (row.kind === 'heading') return headingRow(row.project, dash);
  const { service } = row;
  const isSelected = service.id === dash.selected;
  const cells = columns.flatMap((column, at) => [...(at === 0 ? [] : [span(' ')]), ...cellOf(column, service, isSelected)]);
  return [span(isSelected ? '▸ ' : '  ', isSelected ? 'key' : 'plain'), ...cells];
}

function cellOf({ title, cells, align, row }: Column, service: LiveService, isSelected: boolean): Row {
  const [first, ...rest] = row(service);
  if (!first) return [span(' '.repeat(cells))];
  if (rest.length > 0) return filled([first, ...rest], cells);
  const style = isSelected && title === 'NAME' ? 'selected' : first.style;
  return [span(sized(first.text, cells, align), style)];
}

/** A project with what its services hold together. */
function headingRow(project: string | null, { live, size }: DashboardState): Row {
  if (project === null) return ruleRow([span('hold nothing now', 'dim')], size.columns);
  const services = (live?.services ?? []).filter(service => service.project === project);
  const profile = live?.projects.find(({ name }) => name === project)?.profile ?? '';
  const granted = services.reduce((sum, { memory }) => sum + memory.grant, 0);
  const text = `${profile === '' ? '' : ` · ${profile}`} · ${services.length} ${services.length === 1 ? 'service' : 'services'}, ${short(granted)} granted`;
  return ruleRow([span(project, 'title'), span(text, 'dim')], size.columns);
}
