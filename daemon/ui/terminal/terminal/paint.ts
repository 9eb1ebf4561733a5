import { harmless } from '../../../shared/printable.js';
import type { Printable } from '../../shared/own.js';
import type { Row, Size, StyledText } from '../cells.js';
import type { Palette } from './palette.js';

/** What the screen shows, row by row, as it was painted last; null when that is not known, and all is painted. */
export type Painted = readonly Line[] | null;

/** A row without what is not to be written. `isPlain`: each of its UTF-16 units takes one column on every terminal. */
interface Line {
  readonly spans: Row;
  readonly text: string;
  readonly isPlain: boolean;
}

const ESC = '\u001b';
/** Terminals that know it show a frame at once or not at all; the others pass over it. */
const BEGIN = `${ESC}[?2026h`;
const END = `${ESC}[?2026l`;
const RESET = `${ESC}[m`;
/** ASCII, Latin-1, arrows, box drawing, blocks, geometric shapes, braille and a few signs: one column wherever East Asian width is not forced. */
const PLAIN = /^[\x20-\x7e\u00a1-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2211\u2500-\u25fc\u2713\u2717\u2800-\u28ff]*$/;

/**
 * What brings the screen from `before` to `rows`: one text to be written at once, empty when nothing changed. Only what changed of a line is
 * written; the last row of the screen is left alone, since a cell written at its end scrolls some terminals.
 */
export function paint(
  before: Painted,
  rows: readonly Row[],
  size: Size,
  palette: Palette,
): { readonly text: Printable; readonly painted: Painted } {
  const height = Math.max(0, size.rows - 1);
  const painted = Array.from({ length: height }, (_, row) => lineOf(rows[row] ?? [], size.columns));
  const parts = painted.map((line, row) => change(before?.[row], line, row + 1, size.columns, palette));
  // Below is nothing of ours: what another program or size left there goes.
  if (before === null && size.rows > 0) parts.push(`${ESC}[${size.rows};1H${ESC}[J`);
  const text = parts.join('');
  // Sequences of this file, and spans without control characters.
  return { text: (text === '' ? '' : BEGIN + text + END) as Printable, painted };
}

/** Control characters are left out: what services write reaches the screen, and must not steer the terminal. */
function lineOf(row: Row, columns: number): Line {
  const clean = row.map(({ text, style }) => ({ text: harmless(text), style }));
  const text = clean.map(span => span.text).join('');
  const isPlain = PLAIN.test(text);
  return {
    spans: isPlain && text.length > columns ? slice(clean, 0, columns) : clean,
    text: isPlain ? text.slice(0, columns) : text,
    isPlain,
  };
}

function change(before: Line | undefined, after: Line, row: number, columns: number, palette: Palette): string {
  if (before && isSame(before, after)) return '';
  if (!(before?.isPlain && after.isPlain)) return whole(after, row, palette);
  const [styles, others] = [stylesOf(before.spans), stylesOf(after.spans)];
  const differs = (at: number) => before.text[at] !== after.text[at] || styles[at] !== others[at];
  let from = 0;
  while (from < after.text.length && !differs(from)) from++;
  let to = after.text.length;
  if (before.text.length === to) while (to > from && !differs(to - 1)) to--;
  const rest = before.text.length > to && to === after.text.length && to < columns ? `${ESC}[K` : '';
  return `${ESC}[${row};${from + 1}H${spanText(slice(after.spans, from, to), palette)}${rest}`;
}

/** Erased first: its width on this terminal is not known. */
function whole(line: Line, row: number, palette: Palette): string {
  return `${ESC}[${row};1H${ESC}[2K${spanText(line.spans, palette)}`;
}

function spanText(spans: Row, palette: Palette): string {
  return spans
    .map(({ text, style }) => (palette[style] === '' || text === '' ? text : `${ESC}[${palette[style]}m${text}${RESET}`))
    .join('');
}

function isSame(one: Line, other: Line): boolean {
  if (one.text !== other.text) return false;
  if (one.spans.length !== other.spans.length) return stylesOf(one.spans).join() === stylesOf(other.spans).join();
  return one.spans.every((span, at) => span.style === other.spans[at]?.style && span.text === other.spans[at]?.text);
}

/** The style of each UTF-16 unit. */
function stylesOf(spans: Row): readonly string[] {
  return spans.flatMap(({ text, style }) => Array.from({ length: text.length }, () => style));
}

/** Spans that hold the units from `from` up to `to`. */
function slice(spans: Row, from: number, to: number): Row {
  const found: StyledText[] = [];
  let at = 0;
  for (const { text, style } of spans) {
    const part = text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (part !== '') found.push({ text: part, style });
    at += text.length;
  }
  return found;
}
