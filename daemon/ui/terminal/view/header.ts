import type { Live } from '../../../api/live.js';
import { heldOf } from '../../../api/windows-held.js';
import type { Bytes } from '../../../shared/bytes.js';
import type { Row, Style } from '../cells.js';
import type { DashboardState } from '../state.js';
import { percent, short } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { cellsIn, ends, joined, span } from '../text/rows.js';
import { sized } from '../text/width.js';
import { budgetBarRow, hostBar } from './bars.js';

export const TABS = ['services', 'events', 'budget'] as const;
const LABEL = 8;

/** Three lines: where one is and what that costs, the budget, the machine. */
export function headerRows(dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const { columns } = dash.size;
  const { live } = dash;
  if (!live) return [titleRow(dash)];
  const cells = Math.max(12, Math.min(60, Math.floor(columns / 4)));
  const figures = columns - LABEL - cells - 1;
  const line = (label: string, bar: Row, parts: readonly Row[], between: string): Row => [
    span(sized(` ${label}`, LABEL), 'title'),
    ...bar,
    span(' '),
    ...joined(parts, between, figures),
  ];
  const between = columns < 100 ? '  ' : ' · ';
  return [
    titleRow(dash),
    line('budget', budgetBarRow(live.budget, cells, glyphs), budgetParts(live.budget, figures), between),
    line(live.host.wsl ? 'WSL VM' : 'host', hostBar(live.host, cells, glyphs), hostParts(live.host, figures), between),
  ];
}

function titleRow(dash: DashboardState): Row {
  const { columns } = dash.size;
  const base = dash.screens[0]?.kind;
  const tabs = TABS.map(tab => (tab === base ? span(`[${tab}]`, 'selected') : span(` ${tab} `, 'dim')));
  const left: Row = [span(' laptop-dev ', 'title'), ...tabs];
  const room = columns - cellsIn(left) - 2;
  return ends(left, [...rightParts(dash, room), span(' ')], columns);
}

/** The most telling last: it stays when the line is short. */
function rightParts({ live }: DashboardState, room: number): Row {
  if (!live) return [];
  const { daemon, engine, projects } = live;
  const self: Row = [span(`self ${short(daemon.rss)}${daemon.cpu === null ? '' : ` ${percent(daemon.cpu)}`}`, 'dim')];
  const away: Row = [span('no engine', 'bad')];
  const driven: Row = engine ? [span(`${engine.kind} ${engine.version}`, 'dim')] : away;
  const [only] = projects;
  const where: Row =
    projects.length === 1 && only
      ? [span(only.name), span(only.profile === '' ? '' : `:${only.profile}`, 'dim')]
      : [span(projects.length === 0 ? 'nothing up' : `${projects.length} projects`)];
  for (const parts of [[where, driven, self], [driven, self], [self]]) {
    const row = joined(parts, ' · ', Number.POSITIVE_INFINITY);
    if (cellsIn(row) <= room) return row;
  }
  return [];
}

function budgetParts({ budget, granted, standard, workingSet }: Live['budget'], cells: number): readonly Row[] {
  const free = Math.max(0, budget - granted);
  const part = (name: string, figure: string, style: Style): Row => [span(`${name} `, 'dim'), span(figure, style)];
  const used = part('used', short(workingSet), 'used');
  const rest = part('granted', short(granted), 'granted');
  if (cells < 45) return [used, rest, part('of', short(budget), 'plain')];
  return [used, part('std', short(standard), 'strong'), rest, part('free', `${short(free)}/${short(budget)}`, 'plain')];
}

const PRESSURE = {
  none: span('no pressure', 'good'),
  soft: span('▲ soft pressure', 'warn'),
  hard: span('▲▲ HARD pressure', 'bad'),
} as const;

/** The first parts stay when the line is short. That there is no pressure gives way to what Windows sees; pressure does not. */
function hostParts(host: Live['host'], cells: number): readonly Row[] {
  const { total, available, pressure, psi, cpu, cores, swapTotal, swapFree, load } = host;
  const windows = windowsParts(host);
  const between = windows.length > 0 && cells < 60 ? '/' : ' of ';
  const used: Row = [span(short(total - available)), span(`${between}${short(total)} used`, 'dim')];
  const state: Row = [PRESSURE[pressure]];
  const swap: Row[] = swapTotal > 0 ? [[span('swap ', 'dim'), span(`${short(swapTotal - swapFree)}/${short(swapTotal)}`)]] : [];
  const stall: Row = psi ? [span('PSI ', 'dim'), span(`${psi.some10.toFixed(1)}/${psi.full10.toFixed(1)}`)] : [span('no PSI', 'dim')];
  const work: Row[] = cpu === null ? [] : [[span('CPU ', 'dim'), span(percent(cpu)), span(` of ${cores}`, 'dim')]];
  const loads: Row = [span('load ', 'dim'), span(load.map(one => one.toFixed(1)).join(' '))];
  return [used, ...(pressure === 'none' ? [...windows, state] : [state, ...windows]), stall, ...work, ...swap, loads];
}

/** What is free on Windows and what it holds for WSL, by the names of Task Manager; what is not known is left out. */
function windowsParts({ windows }: Live['host']): readonly Row[] {
  if (!windows) return [];
  const { wsl, wslc, together } = heldOf(windows.machines);
  const part = (name: string, bytes: Bytes | null): Row[] => (bytes ? [[span(`${name} `, 'dim'), span(short(bytes))]] : []);
  const free: Row = [span('Windows ', 'dim'), span(short(windows.free)), span(' free', 'dim')];
  return [free, ...part('VmmemWSL', wsl), ...part('vmmem', together), ...part('wslc', wslc)];
}

/** Which tab a click on the first line means; null: none. */
export function tabAt(column: number): (typeof TABS)[number] | null {
  let from = ' laptop-dev '.length;
  for (const tab of TABS) {
    if (column >= from && column < from + tab.length + 2) return tab;
    from += tab.length + 2;
  }
  return null;
}
