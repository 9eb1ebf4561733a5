/** The value at or below which a share of the samples lies (nearest rank: always one that was measured). */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** p50, p95, least and most, in the order of COLUMNS. */
export function summary(samples: readonly number[]): readonly number[] {
  return [quantile(samples, 0.5), quantile(samples, 0.95), Math.min(...samples), Math.max(...samples)];
}
export const COLUMNS = ['p50', 'p95', 'min', 'max'] as const;

/** A Markdown table, ready for BENCHMARKS.md. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[], digits = 1): string {
  const text = [head, ...rows].map(row => row.map(cell => (typeof cell === 'number' ? cell.toFixed(digits) : cell)));
  const widths = head.map((_, column) => Math.max(3, ...text.map(row => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [first = [], ...rest] = text;
  return [line(first), rule, ...rest.map(line)].join('\n');
}

/** "goal … ≤ …: met" or what is missing. */
export function verdict(what: string, value: number, goal: number, unit: string, digits = 1): string {
  const outcome = value <= goal ? 'met' : `MISSED by ${(value - goal).toFixed(digits)} ${unit}`;
  return `goal: ${what} ≤ ${goal} ${unit}; measured ${value.toFixed(digits)} ${unit}: ${outcome}`;
}
