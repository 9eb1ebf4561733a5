/** A line of a difference: kept, taken away, put in, or `gap` for lines left out. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added' | 'gap';
  readonly text: string;
}

/** Unchanged lines shown around a change. */
const CONTEXT = 2;

/** The lines that differ, with some around them; line ends are not shown. Empty: no difference but in line ends. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const all = compare(linesOf(before), linesOf(after));
  const near = all.map((_, at) => all.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same'));
  return all.flatMap((line, at) => {
    if (near[at]) return [line];
    return near[at + 1] ? [{ kind: 'gap', text: '…' } as const] : [];
  });
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Longest common subsequence: files of this kind have some ten lines, and 256 KiB at the most. */
function compare(before: readonly string[], after: readonly string[]): DiffLine[] {
  let [head, tail] = [0, 0];
  while (head < Math.min(before.length, after.length) && before[head] === after[head]) head++;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** Cells of the table below, at the most; beyond, lines are not matched. */
const MOST_CELLS = 4_000_000;

function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length * after.length > MOST_CELLS) {
    const all = (kind: 'removed' | 'added', lines: readonly string[]) => lines.map((text): DiffLine => ({ kind, text }));
    return [...all('removed', before), ...all('added', after)];
  }
  const lengths = before.map(() => new Uint16Array(after.length + 1));
  lengths.push(new Uint16Array(after.length + 1));
  const length = (row: number, column: number) => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const best =
        before[row] === after[column] ? length(row + 1, column + 1) + 1 : Math.max(length(row + 1, column), length(row, column + 1));
      lengths[row]?.fill(best, column, column + 1);
    }
  }
  const lines: DiffLine[] = [];
  for (let [row, column] = [0, 0]; row < before.length || column < after.length; ) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push({ kind: 'same', text: before[row++] ?? '' });
      column++;
    } else if (row < before.length && (column >= after.length || length(row + 1, column) >= length(row, column + 1))) {
      lines.push({ kind: 'removed', text: before[row++] ?? '' });
    } else lines.push({ kind: 'added', text: after[column++] ?? '' });
  }
  return lines;
}
