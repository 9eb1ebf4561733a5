import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const DAEMON = join(import.meta.dirname, '../daemon');
const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g;
/** Lines up to which a file that one other file imports is looked at. */
const SHORT = 40;
/** A verb, a generated file or a rule of another room may be short; as many as this are not a habit. */
const MOST = 30;

interface Module {
  /** Without .ts. */
  readonly path: string;
  readonly text: string;
}

/** Short files with exactly one importer: a reader has to open two files for one thing. */
function crumbs(modules: readonly Module[]): string[] {
  const importers = new Map<string, Set<string>>();
  for (const { path, text } of modules)
    for (const [, target = ''] of text.matchAll(IMPORT)) {
      const imported = join(dirname(path), target);
      importers.set(imported, (importers.get(imported) ?? new Set()).add(path));
    }
  return modules.flatMap(({ path, text }) => {
    const [only, ...others] = importers.get(path) ?? [];
    return only !== undefined && others.length === 0 && text.split('\n').length - 1 <= SHORT ? [`${path}, imported by ${only}`] : [];
  });
}

test(`fewer than ${MOST} files are short and have a single importer`, () => {
  const modules = readdirSync(DAEMON, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => ({ path: file.slice(0, -'.ts'.length), text: readFileSync(join(DAEMON, file), 'utf8') }));
  expect(modules.length).toBeGreaterThan(400);
  const found = crumbs(modules);
  expect(found.length < MOST ? [] : found).toEqual([]);
});

test('a planted crumb is seen', () => {
  const long = 'const x = 1;\n'.repeat(SHORT + 1);
  const planted = crumbs([
    { path: 'a/main', text: "import { one } from './one.js';\nimport { two } from './two.js';\nimport '../b/long.js';\n" },
    { path: 'b/other', text: "import { two } from '../a/two.js';\nconst late = await import('../a/late.js');\n" },
    { path: 'a/one', text: 'export const one = 1;\n' },
    { path: 'a/two', text: 'export const two = 2;\n' },
    { path: 'a/late', text: 'export const late = 3;\n' },
    { path: 'b/long', text: long },
  ]);
  expect(planted).toEqual(['a/one, imported by a/main', 'a/late, imported by b/other']);
});
