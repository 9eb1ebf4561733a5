import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const DOCS = join(import.meta.dirname, '../docs');
const ROWS = readFileSync(join(DOCS, 'reliability.md'), 'utf8')
  .split('\n')
  .filter(line => /^\| \d+ \|/.test(line))
  .map(line => line.split(' |').map(cell => cell.replace(/^\|? /, '')));

/** Of `[title](path)`. */
const named = ROWS.flatMap(row =>
  [...(row[3] ?? '').matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = '', path = '']) => ({ title, path })),
);

/** A line on which a test or a group of tests gets its name: `it('…`, `])('…` after a table of cases, or the name alone. */
const NAMES_A_TEST = /^\s*(?:(?:it|test|describe)\b|\](?: as const)?\)\(|['`])/;

describe('docs/reliability.md', () => {
  it('has all thirty faults, and says of each that has no test that it has none', () => {
    expect(ROWS.map(([number]) => Number(number))).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    const bare = ROWS.filter(row => !(row[3] ?? '').includes(']('));
    expect(bare.map(row => [row[0], /not covered by a test/i.test(row[2] ?? '')])).toEqual(bare.map(row => [row[0], true]));
  });

  it.each(named)('$path has a test that is called “$title”', ({ title, path }) => {
    const lines = readFileSync(join(DOCS, path), 'utf8').split('\n');
    expect(lines.filter(line => line.includes(title) && NAMES_A_TEST.test(line))).not.toEqual([]);
  });
});
