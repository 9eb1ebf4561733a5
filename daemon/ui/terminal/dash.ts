import type { Capabilities, Row, Size } from './cells.js';
import type { Effect, Input } from './input.js';

/**
 * The dashboard without a terminal: `Dash` is all that it knows, `update` what happens to it, `view` what is seen of it. Pure, so that a
 * test can play a session and compare screens.
 */
export interface Machine<Dash> {
  /** Before the first frame. `now`: ms since the epoch. */
  begin(size: Size, now: number): Dash;
  update(dash: Dash, input: Input): { readonly dash: Dash; readonly effects: readonly Effect[] };
  /** At most `size.rows - 1` rows: the last one of the screen stays unused (a cell written at its end scrolls some terminals). */
  view(dash: Dash, capabilities: Capabilities): readonly Row[];
}
