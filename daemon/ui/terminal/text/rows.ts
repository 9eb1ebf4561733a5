import type { Capabilities, Row, Style, StyledText } from '../cells.js';
import { cellsOf, clip, widthOf } from './width.js';

export function span(text: string, style: Style = 'plain'): StyledText {
  return { text, style };
}

export function cellsIn(row: Row): number {
  return row.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** The row in at most so many cells. */
export function fitted(row: Row, cells: number): Row {
  let left = cells;
  const kept: StyledText[] = [];
  for (const part of row) {
    const width = widthOf(part.text);
    if (width > left) {
      if (left > 0) kept.push({ text: clip(part.text, left), style: part.style });
      return kept;
    }
    left -= width;
    if (part.text !== '') kept.push(part);
  }
  return kept;
}

/** The row in exactly so many cells. */
export function filled(row: Row, cells: number): Row {
  const fits = fitted(row, cells);
  const blank = cells - cellsIn(fits);
  return blank > 0 ? [...fits, span(' '.repeat(blank))] : fits;
}

/** One at the left and one at the right end; where there is no room for both, the left one gives. */
export function ends(left: Row, right: Row, cells: number): Row {
  const width = cellsIn(right);
  return width === 0 || width >= cells ? fitted(left, cells) : [...filled(left, cells - width), ...right];
}

/** The parts with a separator between them, as many of the first ones as have room. */
export function joined(parts: readonly Row[], between: string, cells: number): Row {
  const row: StyledText[] = [];
  let used = 0;
  for (const part of parts) {
    const width = cellsIn(part) + (row.length > 0 ? widthOf(between) : 0);
    if (used + width > cells) break;
    if (row.length > 0) row.push(span(between, 'dim'));
    row.push(...part);
    used += width;
  }
  return row;
}

/** What is written instead where only ASCII is shown. */
const ASCII: Readonly<Record<string, string>> = {
  '…': '~', '·': '-', '×': 'x', '–': '-', '—': '-', '→': '>', '←': '<', '↑': '^', '↓': 'v', '▸': '>', '─': '-', '│': '|', '┄': '.', '▲': '^', '▾': '*', '▏': '_',
  '✗': 'x', '✓': '*', '’': "'", '‘': "'", '“': '"', '”': '"',
}; // biome-ignore format: a table

/** The row as the terminal can show it: in ASCII where it has to be, every cell in its place; `grey`: all of it dim. */
export function shownRow(row: Row, cells: number, { ascii }: Capabilities, grey: boolean): Row {
  const fits = fitted(row, cells);
  if (!ascii && !grey) return fits;
  return fits.map(({ text, style }) => ({ text: ascii ? inAscii(text) : text, style: grey ? 'dim' : style }));
}

function inAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  let plain = '';
  for (const character of text) {
    plain += character <= '~' ? character : (ASCII[character] ?? '?'.repeat(cellsOf(character.codePointAt(0) ?? 0)));
  }
  return plain;
}
