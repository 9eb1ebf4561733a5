import { isOnBudget, listRows } from './list.js';
import type { DashboardState } from './state.js';

/** The smallest screen that everything has room on. */
export const LEAST = { columns: 60, rows: 16 } as const;

export function isTooSmall({ size }: DashboardState): boolean {
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
export function layoutOf({ size }: DashboardState, drawer: number, foot: number): Layout {
  const header = size.rows >= 22 ? 4 : 3;
  const room = size.rows - 1 - header - foot;
  const drawn = Math.min(drawer, room - 2);
  return { header, drawer: drawn, foot, body: room - drawn };
}

/** Lines of the budget above its table, where there is room for all. */
const BUDGET_LINES = 5;

/** What of the body is the table of services, its titles included, what is above it, and what is about the selected service below it. */
export function splitOf(dash: DashboardState, body: number): { readonly above: number; readonly table: number; readonly pane: number } {
  const rows = 1 + listRows(dash).length;
  const above = isOnBudget(dash) ? (body < 14 ? Math.min(3, Math.max(0, body - 5)) : BUDGET_LINES) : 0;
  const room = body - above;
  const table = Math.min(rows, room - (body >= 14 ? 4 : 0));
  const pane = room - table;
  return pane >= 4 ? { above, table, pane } : { above, table: room, pane: 0 };
}
