import type { HistorySpan } from '../../../api/live-history.js';
import type { Ms } from '../../../shared/span.js';
import type { Row, Style } from '../cells.js';
import type { ChartPoint } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';
import { sized } from '../text/width.js';

/** A height that means something, with its name. */
export interface Line {
  readonly at: number;
  readonly label: string;
}

export interface Chart {
  /** Two for each cell, from the left. null: not known. */
  readonly values: readonly (number | null)[];
  /** What the upper edge stands for. */
  readonly top: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** Cells for the labels at the right. */
  readonly margin: number;
  readonly style: Style;
  figure(value: number): string;
}

/** Cells of the axis at the left. */
export const AXIS = 6;

/** The rows of a chart, filled from below, with its axis and the names of its lines. */
export function chartRows(chart: Chart, glyphs: Glyphs): readonly Row[] {
  const { height, top, values, style, lines, margin } = chart;
  const rowOf = (at: number) => height - 1 - Math.min(height - 1, Math.max(0, Math.ceil((at / top) * height) - 1));
  return Array.from({ length: height }, (_, row): Row => {
    const here = lines.filter(({ at }) => at > 0 && (at <= top ? rowOf(at) === row : row === 0));
    const isLine = here.some(({ at }) => at <= top);
    const label = here.map(({ at, label: name }) => (at <= top ? name : `${name} above`)).join(', ');
    const axis =
      row === 0
        ? chart.figure(top)
        : row === height - 1
          ? '0'
          : height >= 5 && row === height >> 1
            ? chart.figure(top * (1 - row / height))
            : '';
    return [
      span(`${axis.padStart(AXIS - 1)}│`, 'dim'),
      ...drawn(values, height - 1 - row, height, top, isLine ? glyphs.line : ' ', style, glyphs),
      span(margin > 0 ? sized(label === '' ? '' : ` ${label}`, margin) : '', 'dim'),
    ];
  });
}

/** One row of cells; `from`: counted from below. */
function drawn(
  values: readonly (number | null)[],
  from: number,
  height: number,
  top: number,
  blank: string,
  style: Style,
  { braille }: Glyphs,
): Row {
  const row: { text: string; style: Style }[] = [];
  const put = (text: string, as: Style) => {
    const last = row.at(-1);
    if (last?.style === as) last.text += text;
    else row.push({ text, style: as });
  };
  for (let at = 0; at + 1 < values.length; at += 2) {
    const [left, right] = [dots(values[at] ?? null, from, height, top), dots(values[at + 1] ?? null, from, height, top)];
    if (left + right === 0) put(blank, 'dim');
    else if (braille) put(String.fromCodePoint(0x2800 | (LEFT[left] ?? 0) | (RIGHT[right] ?? 0)), style);
    else put(' .:+#'[Math.max(left, right)] ?? '#', style);
  }
  return row;
}

/** Dots of a column, from below: the bits of U+2800. */
const LEFT = [0, 0x40, 0x44, 0x46, 0x47];
const RIGHT = [0, 0x80, 0xa0, 0xb0, 0xb8];

/** How many of the four dots of a cell are filled; what is more than nothing has one. */
function dots(value: number | null, from: number, height: number, top: number): number {
  if (value === null || value <= 0) return 0;
  const level = Math.max(1, Math.round((value / Math.max(top, 1e-9)) * height * 4));
  return Math.max(0, Math.min(4, level - 4 * from));
}

/** The line below a chart: from when to when. */
export function timeRow(cells: number, spanMs: Ms): Row {
  const word =
    spanMs <= 60_000
      ? (part: number) => `-${Math.round(60 * part)} s`
      : spanMs <= 900_000
        ? (part: number) => `-${Math.round(15 * part)} min`
        : (part: number) => `-${Math.round(24 * part)} h`;
  const [begin, middle, end] = [word(1), word(0.5), 'now'];
  const half = Math.floor(cells / 2);
  return [
    span(
      `${' '.repeat(AXIS)}${begin}${' '.repeat(Math.max(1, half - begin.length))}${middle}${' '.repeat(Math.max(1, cells - half - middle.length - end.length))}${end}`,
      'dim',
    ),
  ];
}

/** The highest value in each of `count` slots between `from` and `to`; a point holds until the next. */
export function fromPoints(
  points: readonly ChartPoint[],
  from: Ms,
  to: Ms,
  count: number,
  of: (point: ChartPoint) => number | null,
): (number | null)[] {
  const values: (number | null)[] = [];
  let at = 0;
  let last: number | null = null;
  for (let slot = 1; slot <= count; slot++) {
    const end = from + ((to - from) * slot) / count;
    let highest: number | null = last;
    for (let point = points[at]; point && point.at <= end; point = points[++at]) {
      last = of(point);
      highest = last === null ? highest : Math.max(highest ?? 0, last);
    }
    values.push(highest);
  }
  return values;
}

/** Moments without a next one in this time were the last of their run. */
const HOLDS: Ms = 15_000;

export function fromHistory(
  { slot, entries }: HistorySpan,
  from: Ms,
  to: Ms,
  count: number,
  of: (entry: HistorySpan['entries'][number]) => number | null,
): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: count }, () => null);
  const length = slot || HOLDS;
  for (const entry of entries) {
    const value = of(entry);
    if (value === null) continue;
    const first = Math.max(0, Math.floor(((entry.at - from) / (to - from)) * count));
    const last = Math.min(count - 1, Math.ceil(((entry.at + length - from) / (to - from)) * count) - 1);
    for (let at = first; at <= Math.max(first, last) && at < count; at++) values[at] = Math.max(values[at] ?? 0, value);
  }
  return values;
}
