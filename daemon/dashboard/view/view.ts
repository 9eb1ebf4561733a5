import type { Capabilities, Row } from '../cells.js';
import { isTooSmall, type Layout, LEAST, layoutOf } from '../layout.js';
import { type Dash, screenOf } from '../state.js';
import { type Glyphs, glyphsFor } from '../text/glyphs.js';
import { shown, span } from '../text/rows.js';
import { bodyRows } from './body.js';
import { drawerRows } from './drawer.js';
import { footRows } from './foot.js';
import { headerRows } from './header.js';

/** The screen: header, body, a drawer when something is asked, foot. */
export function view(dash: Dash, capabilities: Capabilities): readonly Row[] {
  const { columns, rows } = dash.size;
  if (isTooSmall(dash)) return tooSmall(dash).map(row => shown(row, columns, capabilities, false));
  const glyphs = glyphsFor(capabilities);
  const foot = footRows(dash);
  const drawer = drawerRows(dash, glyphs);
  const layout = layoutOf(dash, drawer.length, foot.length);
  const picture = [
    ...blanksAfter(headerRows(dash, glyphs), layout.header),
    ...blanksAfter(bodyRows(dash, layout.body, glyphs), layout.body),
  ];
  const isOld = dash.link.kind === 'lost';
  return [
    ...picture.map(row => shown(row, columns, capabilities, isOld)),
    ...[...drawer.slice(0, layout.drawer), ...foot].map(row => shown(row, columns, capabilities, false)),
  ].slice(0, Math.max(0, rows - 1));
}

/** Where things are now. */
export function layoutNow(dash: Dash): Layout {
  const glyphs: Glyphs = glyphsFor({ ascii: true });
  return layoutOf(dash, drawerRows(dash, glyphs).length, footRows(dash).length);
}

/** Exactly so many rows. */
function blanksAfter(rows: readonly Row[], height: number): readonly Row[] {
  return Array.from({ length: Math.max(0, height) }, (_, at) => rows[at] ?? []);
}

function tooSmall({ size: { columns, rows } }: Dash): readonly Row[] {
  const lines = [`${columns} × ${rows} is too small`, `needs ${LEAST.columns} × ${LEAST.rows}; q quits`];
  return lines.slice(0, Math.max(0, rows - 1)).map(line => [span(line, 'warn')]);
}

export function isOn(dash: Dash, kind: ReturnType<typeof screenOf>['kind']): boolean {
  return screenOf(dash).kind === kind;
}
