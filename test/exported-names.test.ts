import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const DAEMON = join(import.meta.dirname, '../daemon');
const EXPORT = /^export (?:declare )?(?:abstract )?(?:async )?(?:interface|type|const|function\*?|class|enum) ([A-Za-z_$][\w$]*)/gm;
/** What each verb of the command line exports: one meaning, in as many files as there are verbs. */
const OF_VERBS = new Set(['run']);

interface Module {
  readonly path: string;
  readonly text: string;
}

/** Names that several modules export, with these modules: a name has one meaning. */
function ambiguous(modules: readonly Module[]): Readonly<Record<string, readonly string[]>> {
  const owners = new Map<string, Set<string>>();
  for (const { path, text } of modules)
    for (const [, name = ''] of text.matchAll(EXPORT)) owners.set(name, (owners.get(name) ?? new Set()).add(path));
  return Object.fromEntries(
    [...owners].filter(([name, paths]) => paths.size > 1 && !OF_VERBS.has(name)).map(([name, paths]) => [name, [...paths]]),
  );
}

test('no exported name means two things', () => {
  const modules = readdirSync(DAEMON, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(path => ({ path, text: readFileSync(join(DAEMON, path), 'utf8') }));
  expect(modules.length).toBeGreaterThan(400);
  expect(ambiguous(modules)).toEqual({});
});

test('a planted second meaning is seen', () => {
  const planted = ambiguous([
    { path: 'a', text: 'export interface Point {}\nexport const x = 1;' },
    { path: 'b', text: 'export type Point = 1;' },
    { path: 'c', text: 'export async function run() {}' },
    { path: 'd', text: 'export async function run() {}' },
  ]);
  expect(planted).toEqual({ Point: ['a', 'b'] });
});
