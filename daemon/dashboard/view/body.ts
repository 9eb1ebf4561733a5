import type { Row } from '../cells.js';
import { splitOf } from '../layout.js';
import { listRows } from '../list.js';
import { type Dash, screenOf } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { emptyRows, waitingRows } from './empty.js';
import { tableRows } from './table.js';

/** What is between header and foot: at most `height` rows. */
export function bodyRows(dash: Dash, height: number, glyphs: Glyphs): readonly Row[] {
  if (!dash.live) return waitingRows(dash);
  const screen = screenOf(dash);
  switch (screen.kind) {
    default:
      return servicesRows(dash, height, glyphs);
  }
}

function servicesRows(dash: Dash, height: number, glyphs: Glyphs): readonly Row[] {
  if (listRows(dash).length === 0) return emptyRows(dash);
  const { table } = splitOf(dash, height);
  return tableRows(dash, table, glyphs);
}
