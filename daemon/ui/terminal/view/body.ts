import type { Row } from '../cells.js';
import { splitOf } from '../layout.js';
import { listRows } from '../list.js';
import { type Dash, screenOf } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { budgetColumns, budgetLines } from './budget.js';
import { columnsFor } from './columns.js';
import { detailRows } from './detail.js';
import { emptyRows, waitingRows } from './empty.js';
import { eventsRows } from './events.js';
import { helpRows } from './help.js';
import { logsRows } from './logs.js';
import { paneRows } from './pane.js';
import { tableRows } from './table.js';

/** What is between header and foot. Details and help may be longer than `height`: they are scrolled. */
export function bodyRows(dash: Dash, height: number, glyphs: Glyphs): readonly Row[] {
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

function servicesRows(dash: Dash, height: number, glyphs: Glyphs): readonly Row[] {
  const { above, table, pane } = splitOf(dash, height);
  const isBudget = screenOf(dash).kind === 'budget';
  if (listRows(dash).length === 0) return emptyRows(dash);
  const columns = isBudget ? budgetColumns(dash, glyphs) : columnsFor(dash, glyphs);
  const lines = isBudget ? Array.from({ length: above }, (_, at) => budgetLines(dash, glyphs)[at] ?? []) : [];
  return [...lines, ...tableRows(dash, columns, table), ...paneRows(dash, pane, glyphs)];
}
