import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DAEMON = join(import.meta.dirname, '../daemon');

/** Whether the package's entry for `import` is a module of ECMAScript. */
function isModule(name: string): boolean {
  const entry = fileURLToPath(import.meta.resolve(name));
  if (entry.endsWith('.mjs')) return true;
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    const file = `${folder}/package.json`;
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).type === 'module';
  }
}

const LATE = /import\('(?!node:|\.)([^']+)'\)(\)\.default)?/g;

// esbuild gives what import() loads of a CommonJS package as its default alone; Node finds the names as well, so that only the bundle would fail.
it('a CommonJS package that is loaded late is taken by its default', () => {
  const files = readdirSync(DAEMON, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const found = files.flatMap(path =>
    [...readFileSync(join(DAEMON, path), 'utf8').matchAll(LATE)].map(([, name = '', taken]) => ({
      path,
      name,
      fits: taken !== undefined || isModule(name),
    })),
  );
  expect(found.map(({ name }) => name)).toContain('systeminformation');
  expect(found.filter(({ fits }) => !fits)).toEqual([]);
});
