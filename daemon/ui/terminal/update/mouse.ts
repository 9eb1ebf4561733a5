import type { Input } from '../input.js';
import { splitOf } from '../layout.js';
import { listRows } from '../list.js';
import { type Dash, screenOf } from '../state.js';
import { tabAt } from '../view/header.js';
import { layoutNow } from '../view/view.js';
import { onTab, withDetail } from './screens.js';
import { wheeled } from './scroll.js';

/** A click selects, and opens what was selected already; on a tab it goes there. The wheel scrolls. */
export function onMouse(dash: Dash, { what, column, row }: Extract<Input, { kind: 'mouse' }>): Dash {
  if (what !== 'press') return wheeled(dash, what === 'wheel-up' ? -1 : 1);
  if (dash.ask || dash.entry) return dash;
  if (row === 0) {
    const tab = tabAt(column);
    return tab ? onTab(dash, tab) : dash;
  }
  const id = serviceAt(dash, row);
  if (id === null) return dash;
  return id === dash.selected ? withDetail(dash, id) : { ...dash, selected: id };
}

function serviceAt(dash: Dash, row: number) {
  const { header, body } = layoutNow(dash);
  const at = row - header;
  const screen = screenOf(dash);
  if (screen.kind !== 'services' && screen.kind !== 'budget') return null;
  const { above, table } = splitOf(dash, body);
  if (at <= above || at >= above + table) return null;
  const shown = listRows(dash)[dash.top + at - above - 1];
  return shown?.kind === 'service' ? shown.service.id : null;
}
