import type { Row } from '../cells.js';
import type { Dash } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';

/** What is asked, or answered, between body and foot; nothing while nothing is. */
export function drawerRows(_dash: Dash, _glyphs: Glyphs): readonly Row[] {
  return [];
}
