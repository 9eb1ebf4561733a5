import type { Size } from './cells.js';
import type { Machine } from './dash.js';
import type { DashboardState } from './state.js';
import { update } from './update/update.js';
import { view } from './view/view.js';

/** The dashboard. */
export const machine: Machine<DashboardState> = { begin, update, view };

function begin(size: Size, now: number): DashboardState {
  return {
    size,
    now,
    link: { kind: 'waiting', since: now },
    live: null,
    stopsAt: new Map(),
    series: new Map(),
    notices: [],
    screens: [{ kind: 'services' }],
    selected: null,
    top: 0,
    sort: 'state',
    order: [],
    orderedAt: 0,
    filter: '',
    entry: null,
    prompt: null,
    underWay: [],
    message: null,
    keyAt: 0,
    logs: null,
    serial: 0,
    history: null,
    asked: null,
  };
}
