import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const DAEMON = join(ROOT, 'daemon');
/** Where each program begins. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  daemon: ['main', 'images/worker', 'images/build/build-main'],
  cli: ['cli/bin'],
  browser: ['ui/web/main'],
};

interface Room {
  readonly name: string;
  /** Empty: all. `types only`: none, for the compiler erases it. */
  readonly programs: readonly string[];
  readonly pure: boolean;
  /** Rooms, or folders and modules of them; null: everything. */
  readonly imports: readonly string[] | null;
}
interface Source {
  /** Relative to daemon/, without the extension: scheduler/decide. */
  readonly path: string;
  readonly text: string;
}

/** The table of ARCHITECTURE.md. */
const ROOMS: readonly Room[] = [
  ...readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').matchAll(/^\| `([^`]+)` \| (.*?) \| (.*) \| (.*?) \|$/gm),
].map(([, name = '', programs = '', does = '', imports = '']) => ({
  name,
  programs: programs === 'all' ? [] : programs.split(', '),
  pure: /\bPure\b/.test(does),
  imports: imports === 'everything' ? null : [...imports.matchAll(/`([^`]+)`/g)].map(([, each = '']) => each),
}));

const SOURCES: readonly Source[] = readdirSync(DAEMON, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => ({ path: file.slice(0, -3), text: readFileSync(join(DAEMON, file), 'utf8') }));

interface Import {
  readonly from: string;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
}

function importsOf({ text }: Pick<Source, 'text'>): Import[] {
  const found = text.matchAll(/(?:\b(import|export) (type )?[^;'"]*?\bfrom|\bimport\(|^import)\s*'([^']+)'/gm);
  return [...found].map(([whole, , type, from = '']) => ({ from, typeOnly: type !== undefined || isTypesOnly(whole) }));
}

/** `import { type A, type B } from …`. */
function isTypesOnly(statement: string): boolean {
  const names = /\{([^}]*)\}/
    .exec(statement)?.[1]
    ?.split(',')
    .map(name => name.trim());
  return names?.filter(name => name !== '').every(name => name.startsWith('type ')) ?? false;
}

function roomOf(path: string): Room | undefined {
  return ROOMS.filter(({ name }) => path === name || path.startsWith(`${name}/`)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** A module of the daemon as a path below it; null: a package, a module of Node's, or a file beside the code. */
function targetOf(source: Pick<Source, 'path'>, from: string): string | null {
  if (!from.startsWith('.')) return null;
  const target = normalize(join(dirname(source.path), from)).replace(/\.js$/, '');
  return target.startsWith('..') ? null : target;
}

function breaches(source: Source): string[] {
  const room = roomOf(source.path);
  if (!room) return [`${source.path}: ARCHITECTURE.md has no such room`];
  return importsOf(source).flatMap(({ from }) => {
    const target = targetOf(source, from);
    if (target === null) return room.pure && !from.startsWith('.') ? [`${source.path} imports ${from}`] : [];
    const isAllowed =
      room.imports === null || roomOf(target) === room || room.imports.some(rule => target === rule || target.startsWith(`${rule}/`));
    return isAllowed ? [] : [`${source.path} imports ${target}`];
  });
}

/** All modules that run when a program begins there. */
function reached(entries: readonly string[]): ReadonlySet<string> {
  const byPath = new Map(SOURCES.map(source => [source.path, source]));
  const seen = new Set<string>();
  for (const open = [...entries]; open.length > 0; ) {
    const path = open.pop() ?? '';
    const source = byPath.get(path);
    if (!source || seen.has(path)) continue;
    seen.add(path);
    for (const { from, typeOnly } of importsOf(source)) if (!typeOnly) open.push(targetOf(source, from) ?? '');
  }
  return seen;
}

test('each room is in the table once, and each row of the table is a room', () => {
  expect(ROOMS.length).toBeGreaterThan(20);
  const names = ROOMS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  expect(names.filter(name => !SOURCES.some(({ path }) => path === name || path.startsWith(`${name}/`)))).toEqual([]);
  expect(
    ROOMS.flatMap(({ imports }) => imports ?? []).filter(rule => !SOURCES.some(({ path }) => `${path}/`.startsWith(`${rule}/`))),
  ).toEqual([]);
});

test('each room imports only what it may', () => {
  expect(SOURCES.flatMap(breaches)).toEqual([]);
});

test.each(Object.entries(PROGRAMS))('%s has no room that does not run in it', (program, entries) => {
  const modules = [...reached(entries)];
  expect(modules.length).toBeGreaterThan(10);
  const astray = modules.filter(path => {
    const programs = roomOf(path)?.programs ?? [];
    return programs.length > 0 && !programs.includes(program);
  });
  expect(astray).toEqual([]);
});

test('no row says that a room runs where it does not', () => {
  const inPrograms = Object.entries(PROGRAMS).map(([program, entries]) => ({ program, modules: [...reached(entries)] }));
  const wrong = ROOMS.flatMap(room =>
    room.programs
      .filter(
        program =>
          program !== 'types only' &&
          !inPrograms.some(each => each.program === program && each.modules.some(path => roomOf(path) === room)),
      )
      .map(program => `${room.name} in ${program}`),
  );
  expect(wrong).toEqual([]);
});

test('a planted breach is seen', () => {
  const plant = (path: string, imported: string) => breaches({ path, text: `import { x } from '${imported}';` });
  expect(plant('engine/containers/start', '../../images/images.js')).toEqual(['engine/containers/start imports images/images']);
  expect(plant('scheduler/decide', 'node:fs')).toEqual(['scheduler/decide imports node:fs']);
  expect(plant('scheduler/decide', '../ports/ports.js')).toEqual(['scheduler/decide imports ports/ports']);
  expect(plant('model/model', '../api/views.js')).toEqual(['model/model imports api/views']);
  expect(plant('server/app', '../runtime/create.js')).toEqual(['server/app imports runtime/create']);
  expect(plant('cli/up', '../main.js')).toEqual(['cli/up imports main']);
  expect(plant('attic/old', './older.js')).toEqual(['attic/old: ARCHITECTURE.md has no such room']);
});

test('what is pure has no clock, no promise, no environment', () => {
  const impure = /\b(Date\.now|new Date\(|process\.|await |async |setTimeout|Math\.random)/;
  const pure = SOURCES.filter(({ path }) => roomOf(path)?.pure);
  expect(pure.length).toBeGreaterThan(80);
  const found = pure.filter(({ text }) => impure.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
  expect(found.map(({ path }) => path)).toEqual([]);
});
