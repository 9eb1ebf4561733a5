import { formatSpan } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import { splitOf } from '../layout.js';
import { listRows } from '../list.js';
import { type DashboardState, screenOf } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';
import { wrap } from '../text/width.js';
import { budgetColumns, budgetLines } from './budget.js';
import { columnsFor } from './columns.js';
import { detailRows } from './detail.js';
import { eventsRows } from './events.js';
import { helpRows } from './help.js';
import { logsRows } from './logs.js';
import { paneRows } from './pane.js';
import { tableRows } from './table.js';

/** What is between header and foot. Details and help may be longer than `height`: they are scrolled. */
export function bodyRows(dash: DashboardState, height: number, glyphs: Glyphs): readonly Row[] {
  const screen = screenOf(dash);
  if (screen.kind === 'help') return helpRows(dash, glyphs);
  if (!dash.live) return waitingRows(dash);
  switch (screen.kind) {
    case 'detail':
      return detailRows(dash, screen, height, glyphs);
    case 'logs':
      return logsRows(dash, screen, height);
    case 'events':
      return eventsRows(dash, screen, height);
    default:
      return servicesRows(dash, height, glyphs);
  }
}

function servicesRows(dash: DashboardState, height: number, glyphs: Glyphs): readonly Row[] {
  const { above, table, pane } = splitOf(dash, height);
  const isBudget = screenOf(dash).kind === 'budget';
  if (listRows(dash).length === 0) return emptyRows(dash);
  const columns = isBudget ? budgetColumns(dash, glyphs) : columnsFor(dash, glyphs);
  const lines = isBudget ? Array.from({ length: above }, (_, at) => budgetLines(dash, glyphs)[at] ?? []) : [];
  return [...lines, ...tableRows(dash, columns, table), ...paneRows(dash, pane, glyphs)];
}

/** Before the first snapshot. */
function waitingRows({ link, now, size }: DashboardState): readonly Row[] {
  if (link.kind !== 'lost') {
    const waited = link.kind === 'waiting' ? now - link.since : 0;
    return [[], [span(`  asking the daemon …${waited >= 2_000 ? ` ${formatSpan(waited)}` : ''}`, 'dim')]];
  }
  const remedies = link.failure.remedies.flatMap(remedy => wrap(`→ ${remedy}`, size.columns - 4));
  return [[], [span('  There is no daemon to ask.', 'strong')], [], ...remedies.map((line): Row => [span(`  ${line}`)])];
}

/** No service to show. */
function emptyRows({ live, filter }: DashboardState): readonly Row[] {
  const command = (text: string, what: string): Row => [span(`    ${text.padEnd(28)}`, 'key'), span(what, 'dim')];
  if ((live?.services.length ?? 0) > 0) {
    return [[], [span(`  No service matches "${filter}".`, 'strong')], [], command('escape', 'shows all again')];
  }
  return [
    [],
    [span('  Nothing is up.', 'strong')],
    [],
    command('laptop-dev up minimal', 'the built-in stack: an API and its database'),
    command('laptop-dev init', 'writes laptop-dev.yaml for the compose.yaml of this folder'),
    command('laptop-dev up', 'brings it up'),
    [],
    [span('  They show here as soon as they are up; this screen may stay open.', 'dim')],
  ];
}
