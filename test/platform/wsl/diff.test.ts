import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffLines } from '../../../daemon/platform/wsl/wslconfig/diff.js';
import { rounds } from '../../support/deep.js';

const shown = (before: string, after: string) => diffLines(before, after).map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+', gap: '@' }[kind]}${text}`); // biome-ignore format: short

it('shows the lines that differ with two around them', () => {
  const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  const after = lines.map(line => (line === 'd' ? 'D' : line));
  expect(shown(lines.join('\n'), after.join('\n'))).toEqual(['@…', ' b', ' c', '-d', '+D', ' e', ' f']);
  expect(shown('a\r\nb\r\n', 'a\nb\n')).toEqual([]);
  expect(shown('', 'a\n')).toEqual(['+a']);
});

it('taken as it stands it leads from one text to the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map(lines => lines.map(line => `${line}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const changes = (from: string, kind: string) => {
        const count = new Map<string, number>();
        for (const line of from.split('\n').slice(0, -1)) count.set(line, (count.get(line) ?? 0) + 1);
        for (const line of diffLines(before, after)) {
          if (line.kind === kind) count.set(line.text, (count.get(line.text) ?? 0) - 1);
        }
        return [...count].filter(([, left]) => left !== 0).sort();
      };
      expect(changes(before, 'removed')).toEqual(changes(after, 'added'));
      expect(diffLines(before, before)).toEqual([]);
    }),
    { numRuns: rounds(2000) },
  );
});

it('very different large files are not matched line by line', () => {
  const lines = (word: string) => Array.from({ length: 3000 }, (_, at) => `${word}${at}\n`).join('');
  expect(diffLines(lines('a'), lines('b'))).toHaveLength(6000);
});
