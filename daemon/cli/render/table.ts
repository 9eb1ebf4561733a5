import { bare, flat } from '../../ui/shared/own.js';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Cut first, down to `least` characters, if the table is too wide. */
  readonly gives?: boolean;
  readonly least?: number;
}

const GAP = 2;

/**
 * Lines of a table with aligned columns, at most `width` characters wide if the columns that give way allow it. Cells may be coloured; a cell is
 * always one line.
 */
export function table(columns: readonly TableColumn[], cells: readonly (readonly string[])[], width: number): string[] {
  const rows = cells.map(row => row.map(flat));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map(row => visible(row[at] ?? ''))));
  shrink(columns, widths, width);
  return [columns.map(column => column.title), ...rows].map(row =>
    row
      .map((cell, at) => sized(cell, widths[at] ?? 0, columns[at]?.align ?? 'left', at === columns.length - 1))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

function shrink(columns: readonly TableColumn[], widths: number[], width: number): void {
  let over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  for (const [at, column] of [...columns.entries()].reverse()) {
    if (!column.gives || over <= 0) continue;
    const now = widths[at] ?? 0;
    const next = Math.max(column.least ?? column.title.length, now - over);
    over -= Math.max(0, now - next);
    widths[at] = Math.min(now, next);
  }
}

function sized(cell: string, width: number, align: 'left' | 'right', last: boolean): string {
  const cut = visible(cell) > width ? shorten(cell, width) : cell;
  const pad = ' '.repeat(Math.max(0, width - visible(cut)));
  if (align === 'right') return pad + cut;
  return last ? cut : cut + pad;
}

/** Number of visible characters; our texts have no wide ones. */
export function visible(text: string): number {
  return bare(text).length;
}

/** The text in one line of at most `width` letters, with … where it was cut; a cut text loses its colours. */
export function shorten(text: string, width: number): string {
  const line = flat(text);
  const plain = bare(line);
  if (plain.length <= width) return line;
  return width <= 1 ? '…'.slice(0, Math.max(0, width)) : `${plain.slice(0, width - 1).trimEnd()}…`;
}

/** The text in lines of at most `width` letters, broken between words. */
export function wrapCell(text: string, width: number): string[] {
  return paragraphs(text).flatMap(paragraph => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      const next = line === '' ? word : `${line} ${word}`;
      if (visible(next) > width && line.trim() !== '') {
        lines.push(line);
        line = word;
      } else line = next;
    }
    return [...lines, line];
  });
}

/** Lines of a text that are shown: a message may quote a whole file. */
const MOST_LINES = 500;

function paragraphs(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const kept = lines.slice(0, MOST_LINES).map(flat);
  return lines.length > MOST_LINES ? [...kept, `… (${lines.length - MOST_LINES} more lines)`] : kept;
}
