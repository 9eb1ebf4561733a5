import type { Row, Style, StyledText } from '../cells.js';
import type { LogText } from '../input.js';
import { matchesOf, matchesText, type Numbered, shownLines } from '../log-lines.js';
import type { DashboardState, LogScreen } from '../state.js';
import { clock } from '../text/figures.js';
import { ends, joined, span } from '../text/rows.js';
import { cut, sized, widthOf } from '../text/width.js';

const HUES: readonly Style[] = ['accent', 'good', 'cache', 'warn', 'used', 'granted'];

interface Manner {
  /** Each service with the style of its name; null: names are not shown. */
  readonly names: ReadonlyMap<string, Style> | null;
  readonly clocks: boolean;
  readonly search: string;
  /** Cells left out at the left. */
  readonly left: number;
}

/** A line that says what is seen, and the lines up to the bottom one. */
export function logsRows(dash: DashboardState, screen: LogScreen, height: number): readonly Row[] {
  const shown = shownLines(dash.logs, screen.filter);
  const bottom =
    screen.bottom === null
      ? shown.length - 1
      : Math.max(
          0,
          shown.findLastIndex(({ number }) => number <= (screen.bottom ?? 0)),
        );
  const names = screen.services.length === 1 ? null : huesOf(dash, screen);
  const manner: Manner = { names, clocks: screen.clocks, search: screen.search, left: screen.left };
  const rows = screen.wraps ? wrapped(shown, bottom, height - 1, dash.size.columns, manner) : cutLines(shown, bottom, height - 1, manner);
  const none = dash.logs?.ended ? (dash.logs.ended.failure?.message ?? 'nothing was written') : 'nothing was written yet';
  return [
    statusRow(dash, screen, shown, bottom),
    ...(rows.length > 0 ? rows : [[span(` ${screen.filter !== '' && dash.logs?.lines.length ? 'no line matches' : none}`, 'dim')]]),
  ];
}

function statusRow(dash: DashboardState, screen: LogScreen, shown: readonly Numbered[], bottom: number): Row {
  const all = dash.logs?.lines.length ?? 0;
  const hits = screen.search === '' ? [] : shown.filter(({ line }) => matchesText(line.text, screen.search));
  const at = hits.findIndex(({ number }) => number === screen.hit) + 1;
  const parts: Row[] = [
    [span('logs ', 'dim'), span(screen.services.length === 0 ? `${screen.project}, all services` : screen.services.join(', '), 'selected')],
    ...(screen.filter === '' ? [] : [[span(`only "${screen.filter}": ${shown.length} of ${all}`, 'key')]]),
    ...(screen.search === '' ? [] : [[span(`"${screen.search}": ${at > 0 ? `${at} of ` : ''}${hits.length}`, 'key')]]),
    ...(screen.left > 0 ? [[span(`from column ${screen.left + 1}`, 'dim')]] : []),
  ];
  const mode = dash.logs?.ended
    ? span('ended ', 'dim')
    : screen.bottom === null
      ? span('● follows ', 'good')
      : span(`‖ ${shown.length - 1 - bottom} below `, 'warn');
  return ends([span(' '), ...joined(parts, ' · ', dash.size.columns - 16)], [mode], dash.size.columns);
}

function huesOf({ live }: DashboardState, { project, services }: LogScreen): ReadonlyMap<string, Style> {
  const names = services.length > 0 ? services : (live?.services ?? []).filter(each => each.project === project).map(({ name }) => name);
  return new Map([...names].sort().map((name, at) => [name, HUES[at % HUES.length] ?? 'plain']));
}

function cutLines(shown: readonly Numbered[], bottom: number, height: number, manner: Manner): readonly Row[] {
  return shown.slice(Math.max(0, bottom + 1 - height), bottom + 1).map(({ line }) => logRow(line, manner));
}

/** Each line in as many rows as it needs; what does not fit is left out at the top. */
function wrapped(shown: readonly Numbered[], bottom: number, height: number, columns: number, manner: Manner): readonly Row[] {
  const rows: Row[] = [];
  for (let at = bottom; at >= 0 && rows.length < height; at--) {
    const line = shown[at]?.line;
    if (line) rows.unshift(...folded(line, columns, manner));
  }
  return rows.slice(-height);
}

function folded(line: LogText, columns: number, manner: Manner): readonly Row[] {
  const head = headOf(line, manner);
  const cells = Math.max(10, columns - head.reduce((sum, { text }) => sum + widthOf(text), 0));
  const blank = span(' '.repeat(columns - cells));
  const rows: Row[] = [];
  let rest = line.text;
  do {
    const part = cut(rest, cells) || rest.slice(0, 1);
    rows.push([...(rows.length === 0 ? head : [blank]), ...marked(part, manner.search)]);
    rest = rest.slice(part.length);
  } while (rest !== '');
  return rows;
}

/** A line as it is, or from a column on. */
export function logRow(line: LogText, manner: Manner): Row {
  const text = manner.left === 0 ? line.text : line.text.slice(cut(line.text, manner.left).length);
  return [...headOf(line, manner), ...marked(text, manner.search)];
}

/** Whose line it is; ! marks what was written to stderr. */
function headOf({ at, service, stream }: LogText, { names, clocks }: Manner): Row {
  const width = names ? Math.min(16, Math.max(0, ...[...names.keys()].map(widthOf))) : 0;
  return [
    span(' '),
    ...(clocks ? [span(`${clock(at)} `, 'dim')] : []),
    ...(names ? [span(`${sized(service, width)} `, names.get(service) ?? 'plain')] : []),
    stream === 'stderr' ? span('! ', 'warn') : span('│ ', 'dim'),
  ];
}

function marked(text: string, search: string): Row {
  const places = matchesOf(text, search);
  if (places.length === 0) return [span(text)];
  const row: StyledText[] = [];
  let from = 0;
  for (const [begin, end] of places) {
    row.push(span(text.slice(from, begin)), span(text.slice(begin, end), 'selected'));
    from = end;
  }
  return [...row, span(text.slice(from))];
}
