import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const DAEMON = join(import.meta.dirname, '../daemon');

/** Who may import whom (ARCHITECTURE.md). A room always may import itself. `*`: everything. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  gate: ['core'],
  ports: ['core'],
  paths: [],
  files: ['core'],
  supervisor: ['core', 'ports', 'gate', 'files'],
  containers: ['core', 'ports', 'gate', 'files', 'paths'],
  images: ['core', 'ports', 'gate', 'files'],
  usage: ['core', 'ports'],
  history: ['core', 'ports', 'files'],
  activation: ['core', 'ports'],
  asks: ['core', 'ports'],
  'kernel-path': ['core', 'ports'],
  schedule: ['core', 'ports', 'files'],
  store: ['core', 'ports', 'files'],
  compose: ['core', 'ports', 'gate'],
  profiles: ['core', 'ports', 'gate'],
  project: ['core', 'compose', 'profiles', 'gate', 'files'],
  wsl: ['core', 'ports', 'files'],
  doctor: ['core', 'wsl', 'containers/discovery', 'containers/endpoint'],
  http: ['core', 'ports', 'supervisor/supervisor'],
  client: ['core', 'files', 'http/contract'],
  terminal: ['core'],
  dashboard: ['core', 'client', 'http/contract', 'terminal'],
  web: ['core', 'http/contract'],
  cli: ['core', 'client', 'project', 'terminal', 'dashboard', 'wsl', 'doctor', 'lock', 'paths', 'files', 'http/contract'],
  lock: ['core', 'files'],
  log: ['core', 'files'],
  settings: ['core', 'profiles/units'],
  'wrong-intent': ['core', 'http'],
  main: ['*'],
};
/** What core may not touch: everything that is not in core. */
const OUTSIDE = /^(node:|[a-z@])/;

interface Source {
  /** Relative to daemon/, without the extension: scheduler/decide. */
  readonly path: string;
  readonly text: string;
}

function sources(): Source[] {
  return readdirSync(DAEMON, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => ({ path: file.slice(0, -3), text: readFileSync(join(DAEMON, file), 'utf8') }));
}

function importsOf({ text }: Source): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport\(?|^import)\s*'([^']+)'/gm)].map(match => match[1] ?? '');
}

function breaches(source: Source): string[] {
  const room = source.path.split('/')[0] ?? '';
  const allowed = ALLOWED[room];
  if (!allowed) return [`${source.path}: room ${room} has no rule`];
  return importsOf(source).flatMap(imported => {
    if (!imported.startsWith('.')) return room === 'core' && OUTSIDE.test(imported) ? [`${source.path} imports ${imported}`] : [];
    const target = normalize(join(dirname(source.path), imported)).replace(/\.js$/, '');
    if (target.startsWith('..')) return [];
    const isOwn = target.split('/')[0] === room;
    const isAllowed = allowed.some(rule => rule === '*' || target === rule || target.startsWith(`${rule}/`));
    return isOwn || isAllowed ? [] : [`${source.path} imports ${target}`];
  });
}

test('each room imports only what it may', () => {
  expect(sources().flatMap(breaches)).toEqual([]);
});

test('a planted breach is seen', () => {
  const plant = (path: string, imported: string) => breaches({ path, text: `import { x } from '${imported}';` });
  expect(plant('containers/start', '../images/images.js')).toEqual(['containers/start imports images/images']);
  expect(plant('core/decide', 'node:fs')).toEqual(['core/decide imports node:fs']);
  expect(plant('core/decide', '../ports.js')).toEqual(['core/decide imports ports']);
  expect(plant('http/app', '../supervisor/create.js')).toEqual(['http/app imports supervisor/create']);
  expect(plant('cli/up', '../main.js')).toEqual(['cli/up imports main']);
});

test('core is pure: no clock, no promise, no environment', () => {
  const impure = /\b(Date\.now|new Date\(|process\.|await |async |setTimeout|Math\.random)/;
  const found = sources().filter(
    ({ path, text }) => path.startsWith('core/') && impure.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  );
  expect(found.map(({ path }) => relative('core', path))).toEqual([]);
});
