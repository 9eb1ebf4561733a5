import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Below the root, without what is built or installed. */
const FILES = ['', 'docs', 'daemon', 'test', 'scripts', 'compose/services'].flatMap(folder =>
  readdirSync(join(ROOT, folder), { recursive: folder !== '', encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(path => !/(?:^|\/)(?:node_modules|dist)\//.test(path)),
);
const PAGES = FILES.filter(path => /^(?:docs\/.*|[^/]+)\.md$/.test(path));
const SOURCES = FILES.filter(path => /^(?:daemon|test|scripts|compose\/services)\/.*\.(?:[cm]?ts|mjs|sh|ps1)$/.test(path));

interface Reference {
  readonly in: string;
  readonly to: string;
}

/** As GitHub makes the anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#{1,4} (.*)$/gm)].map(([, heading = '']) => heading.trim());
}

/** `[text](target)`; without those to other sites. */
function linksOf(page: string): Reference[] {
  return [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z]+:/.test(target))
    .map(target => ({ in: page, to: target }));
}

function resolves({ in: page, to }: Reference): boolean {
  const [path = '', anchor] = to.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || headingsOf(target).map(anchorOf).includes(anchor);
}

/** Comments of a program, without its code and its texts: whole lines, and what follows code after two blanks or more on a line. */
function commentsOf(text: string, path: string): string {
  const begin = /\.(?:sh|ps1)$/.test(path) ? /^\s*#(?!!)|\s#\s/ : /^\s*(?:\/\/|\/\*\*?|\*)|\s\/\/\s/;
  return text
    .split('\n')
    .flatMap(line => {
      const found = begin.exec(line);
      return found ? [line.slice(found.index)] : [];
    })
    .join('\n');
}

/** Paths of this repository by the folder that they begin with: `daemon/scheduler/decide.ts`. One behind another path (moby/daemon/…) is not ours. */
const PATH =
  /(?<![\w/.@~-])(?:daemon|docs|test|scripts|profiles|compose)\/[\w./-]*\w\.(?:md|[cm]?ts|mjs|json|ya?ml|sh|ps1|cmd|css|html)\b/g;

function pathsIn(text: string, path: string): Reference[] {
  return [...text.matchAll(PATH)].map(([to]) => ({ in: path, to }));
}

const ROOMS = readdirSync(join(ROOT, 'daemon'), { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []));
/** A module by its room, as comments in daemon/ have it: `scheduler/state/wiring`. */
const MODULE = new RegExp(`(?<![\\w/.@~:-])(?:${ROOMS.join('|')})/[a-z][\\w/-]*(?:\\.ts)?(?![\\w/-]|\\.[a-z])`, 'g');

function modulesIn(text: string, path: string): Reference[] {
  return [...text.matchAll(MODULE)].map(([to]) => ({ in: path, to }));
}

/** `docs/settings.md, "Idle"`: a page and a heading of it. */
function sectionsIn(text: string, path: string): (Reference & { readonly heading: string })[] {
  return [...text.matchAll(/(docs\/[\w/-]+\.md), "([^"\n]+)"/g)].map(([, to = '', heading = '']) => ({ in: path, to, heading }));
}

/** Rules by a number alone, or by a document that is in no clone. */
const UNCITED = /\bfacts\/\w|\(facts of\b|\b(?:reliability|security) \d+\b|\brule \d+\)/;

describe('the pages', () => {
  it('are all in docs/README.md', () => {
    const listed = new Set(linksOf('docs/README.md').map(({ to }) => normalize(join('docs', to.split('#')[0] ?? ''))));
    const pages = PAGES.filter(page => page.startsWith('docs/') && page !== 'docs/README.md');
    expect(pages.length).toBeGreaterThan(20);
    expect(pages.filter(page => !listed.has(page))).toEqual([]);
  });

  it('link to files and headings that are there', () => {
    const links = PAGES.flatMap(linksOf);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter(link => !resolves(link))).toEqual([]);
  });

  it('and the comments name files and headings that are there', () => {
    const texts = [
      ...PAGES.map(page => ({ path: page, text: read(page) })),
      ...SOURCES.map(path => ({ path, text: commentsOf(read(path), path) })),
    ];
    const paths = texts.flatMap(({ path, text }) => pathsIn(text, path));
    expect(paths.length).toBeGreaterThan(200);
    expect(paths.filter(({ to }) => !existsSync(join(ROOT, to)))).toEqual([]);
    const modules = texts.filter(({ path }) => path.startsWith('daemon/')).flatMap(({ path, text }) => modulesIn(text, path));
    expect(modules.length).toBeGreaterThan(20);
    expect(modules.filter(({ to }) => !['', '.ts'].some(end => existsSync(join(ROOT, 'daemon', to + end))))).toEqual([]);
    const sections = texts.flatMap(({ path, text }) => sectionsIn(text, path));
    expect(sections.length).toBeGreaterThan(3);
    expect(sections.filter(({ to, heading }) => !headingsOf(to).includes(heading))).toEqual([]);
  });

  it('stand behind each rule that a comment cites', () => {
    const cited = SOURCES.filter(path => path.startsWith('daemon/')).flatMap(path =>
      commentsOf(read(path), path)
        .split('\n')
        .filter(line => UNCITED.test(line) && !line.includes('docs/'))
        .map(line => `${path}: ${line.trim()}`),
    );
    expect(cited).toEqual([]);
  });
});

describe('the look at references', () => {
  it.each([
    ['// as daemon/nowhere.ts does', 'x.ts', ['daemon/nowhere.ts']],
    ["const path = 'daemon/nowhere.ts';", 'x.ts', []],
    [`const a = 1; ${'//'} see docs/none.md`, 'x.ts', ['docs/none.md']],
    [' * moby/daemon/events.ts, prometheus.io/docs/a.md', 'x.ts', []],
    ['# writes docs/none.json', 'x.sh', ['docs/none.json']],
  ])('of %s in %s finds %j', (text, path, found) => {
    expect(pathsIn(commentsOf(text, path), path).map(({ to }) => to)).toEqual(found);
  });

  it.each([
    ['as in model/spec. The rest (scheduler/nowhere) is in server/app.ts', ['model/spec', 'scheduler/nowhere', 'server/app.ts']],
    ['compose-go: cli/options.go, moby/engine/a', []],
  ])('of “%s” finds the modules %j', (text, found) => {
    expect(modulesIn(text, 'x.ts').map(({ to }) => to)).toEqual(found);
  });

  it('makes anchors as GitHub does', () => {
    expect(['Between containers', 'A host short of memory', 'up [profile-or-service…]'].map(anchorOf)).toEqual([
      'between-containers',
      'a-host-short-of-memory',
      'up-profile-or-service',
    ]);
  });
});
