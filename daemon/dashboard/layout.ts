import { listRows } from './list.js';
import type { Dash } from './state.js';

/** The smallest screen that everything has room on. */
export const LEAST = { columns: 60, rows: 16 } as const;

export function isTooSmall({ size }: Dash): boolean {
  return size.columns < LEAST.columns || size.rows < LEAST.rows;
}

/** Where things are, in rows. `update` and `view` go by the same. */
export interface Layout {
  readonly header: number;
  /** Between header and foot, the drawer taken off. */
  readonly body: number;
  readonly drawer: number;
  readonly foot: number;
}

/** `drawer`, `foot`: how many rows they have to show. */
export function layoutOf({ size }: Dash, drawer: number, foot: number): Layout {
  const header = size.rows >= 22 ? 4 : 3;
  const room = size.rows - 1 - header - foot;
  const drawn = Math.min(drawer, room - 2);
  return { header, drawer: drawn, foot, body: room - drawn };
}

/** What of the body of the services screen is the table, its titles included, and what is about the selected service below it. */
export function splitOf(dash: Dash, body: number): { readonly table: number; readonly pane: number } {
  const rows = 1 + listRows(dash).length;
  const least = body >= 14 ? 4 : 0;
  const table = Math.min(rows, body - least);
  const pane = body - table;
  return pane >= 4 ? { table, pane } : { table: body, pane: 0 };
}
