import { describe, expect, test } from 'vitest';
import { parseIgnore } from '../../daemon/images/build/dockerignore.js';

/** Patterns and answers as moby's patternmatcher and the documentation of .dockerignore have them. */
const CASES: readonly [patterns: string, ignored: readonly string[], kept: readonly string[]][] = [
  ['node_modules', ['node_modules', 'node_modules/a/b.js'], ['src/node_modules', 'node_modules2']],
  ['**/node_modules', ['node_modules', 'a/b/node_modules/x'], ['a/node_modulesx']],
  ['*.md', ['README.md'], ['docs/README.md', 'READMEmd']],
  ['**/*.md', ['README.md', 'docs/a/README.md'], ['README.mdx']],
  ['*/temp*', ['a/temp', 'a/temporary.txt'], ['temp', 'a/b/temp']],
  ['temp?', ['tempa'], ['temp', 'temp/a', 'tempab']],
  ['docs/**', ['docs/a', 'docs/a/b'], ['docs', 'doc']],
  ['**', ['a', 'a/b'], []],
  ['*', ['a', 'a/b'], []],
  ['/dist/', ['dist', 'dist/a'], ['a/dist']],
  ['./a/../b', ['b', 'b/c'], ['a']],
  ['# dist\n\n  build  ', ['build'], ['dist', '# dist']],
  ['[a-c].txt', ['a.txt', 'c.txt'], ['d.txt', '[a-c].txt']],
  ['[^a].txt', ['b.txt'], ['a.txt']],
  ['\\*.txt', ['*.txt'], ['a.txt']],
  ['a.b+c(d)', ['a.b+c(d)'], ['axb+c(d)', 'a.bbc(d)']],
  ['*.md\n!README.md', ['CHANGES.md'], ['README.md']],
  ['!README.md\n*.md', ['README.md'], []],
  ['*\n!src/**\n!package.json', ['a', 'src'], ['src/x/y', 'package.json']],
  ['*\n!entrypoint.sh', ['Dockerfile', 'dir/entrypoint.sh'], ['entrypoint.sh']],
  ['secret\n!secret/public', ['secret', 'secret/key'], ['secret/public', 'secret/public/a']],
  ['[broken', [], ['[broken', 'b']],
  ['\uFEFFdist\r\nbuild\r', ['dist', 'build'], []],
];

describe('.dockerignore', () => {
  test.each(CASES)('%j', (patterns, ignored, kept) => {
    const rules = parseIgnore(patterns);
    expect(ignored.filter(path => !rules.ignores(path))).toEqual([]);
    expect(kept.filter(path => rules.ignores(path))).toEqual([]);
  });

  test('a folder is left unread only when nothing in it can come back', () => {
    const rules = parseIgnore('*\n!src/**\n!a/*/keep\n');
    expect(['node_modules', 'b/c'].map(folder => rules.prunes(folder))).toEqual([true, true]);
    expect(['src', 'a', 'a/x'].map(folder => rules.prunes(folder))).toEqual([false, false, false]);
    expect(rules.prunes('a/x/y')).toBe(true);
    expect(parseIgnore('*\n!**/keep').prunes('deep/down')).toBe(false);
  });
});
