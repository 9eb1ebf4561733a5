import type { Capabilities, Row } from '../cells.js';
import { isTooSmall, type Layout, LEAST, layoutOf } from '../layout.js';
import { type DashboardState, screenOf } from '../state.js';
import { type Glyphs, glyphsFor } from '../text/glyphs.js';
import { ends, shownRow, span } from '../text/rows.js';
import { bodyRows } from './body.js';
import { drawerRows } from './drawer.js';
import { footRows } from './foot.js';
import { headerRows } from './header.js';

/** The screen: header, body, a drawer when something is asked, foot. */
export function view(dash: DashboardState, capabilities: Capabilities): readonly Row[] {
  const { columns, rows } = dash.size;
  if (isTooSmall(dash)) return tooSmall(dash).map(row => shownRow(row, columns, capabilities, false));
  const glyphs = glyphsFor(capabilities);
  const foot = footRows(dash);
  const drawer = drawerRows(dash, glyphs);
  const layout = layoutOf(dash, drawer.length, foot.length);
  const body = inWindow(bodyRows(dash, layout.body, glyphs), topOf(dash), layout.body, columns);
  const shown = [...exactly(headerRows(dash, glyphs), layout.header), ...exactly(body, layout.body)];
  const isOld = dash.link.kind === 'lost';
  return [
    ...shown.map(row => shownRow(row, columns, capabilities, isOld)),
    ...[...drawer.slice(0, layout.drawer), ...foot].map(row => shownRow(row, columns, capabilities, false)),
  ].slice(0, Math.max(0, rows - 1));
}

/** Where things are now. */
export function layoutNow(dash: DashboardState): Layout {
  const glyphs: Glyphs = glyphsFor({ ascii: true });
  return layoutOf(dash, drawerRows(dash, glyphs).length, footRows(dash).length);
}

/** How many rows the body has in all. */
export function bodyHeight(dash: DashboardState): number {
  return bodyRows(dash, layoutNow(dash).body, glyphsFor({ ascii: true })).length;
}

/** Rows of the body that are scrolled out at the top. */
function topOf(dash: DashboardState): number {
  const screen = screenOf(dash);
  return screen.kind === 'detail' || screen.kind === 'help' ? screen.top : 0;
}

/** What of the rows is seen; an arrow where more follow. */
function inWindow(rows: readonly Row[], top: number, height: number, columns: number): readonly Row[] {
  const seen = exactly(rows.slice(top), height);
  const rest = rows.length - top - height;
  return rest > 0 ? [...seen.slice(0, -1), ends(seen.at(-1) ?? [], [span(` ↓ ${rest} more`, 'key')], columns)] : seen;
}

/** Exactly so many rows. */
function exactly(rows: readonly Row[], height: number): readonly Row[] {
  return Array.from({ length: Math.max(0, height) }, (_, at) => rows[at] ?? []);
}

function tooSmall({ size: { columns, rows } }: DashboardState): readonly Row[] {
  const lines = [`${columns} × ${rows} is too small`, `needs ${LEAST.columns} × ${LEAST.rows}; q quits`];
  return lines.slice(0, Math.max(0, rows - 1)).map(line => [span(line, 'warn')]);
}
