import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { MAX_ALIASES, MAX_DEPTH, prescanYaml } from '../../../shared/prescan-yaml.js';
import type { Report } from '../tree/report.js';
import {
  list,
  map,
  type ScalarTree,
  type SourceFile,
  type SourceLocation,
  scalar,
  type Tag,
  type Tree,
  type TreeEntry,
} from '../tree/tree.js';

/** Nodes of one file with every alias written out: a billion laughs is refused before anything is written out. */
export const MAX_NODES = 50_000;
/** Later syntax errors are mostly consequences of the first ones. */
const MAX_SYNTAX_ERRORS = 3;
const TOO_DEEP = 'nested too deeply to be read';

const TAGS = { '!reset': 'reset', '!override': 'override' } as const;
const customTags = Object.keys(TAGS).flatMap(tag => [
  { tag, resolve: (text: string) => text },
  { tag, collection: 'map' as const, resolve: (node: YAMLMap.Parsed | YAMLSeq.Parsed) => node },
  { tag, collection: 'seq' as const, resolve: (node: YAMLMap.Parsed | YAMLSeq.Parsed) => node },
]);

/** Reads every document of a file. On a mistake in the syntax it is reported and null returned. */
export function parseComposeYaml(text: string, source: SourceFile, report: Report): Tree[] | null {
  const lines = new LineCounter();
  const location = (offset: number): SourceLocation => {
    const { line, col } = lines.linePos(offset);
    return { source, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const excess = prescanYaml(new Lexer().lex(text));
  if (excess !== null) {
    const before = text.slice(0, excess.offset).split('\n');
    report.error({ source, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }, '', excess.message);
    return null;
  }
  let documents: readonly Document[];
  try {
    // uniqueKeys compares every pair of keys: the check is ours, see `keyOf`.
    const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, customTags, logLevel: 'silent' });
    documents = 'empty' in parsed ? [] : parsed;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.error({ source, line: 1, column: 1 }, '', TOO_DEEP);
    return null;
  }
  const errors = documents.flatMap(document => document.errors);
  for (const error of errors.slice(0, MAX_SYNTAX_ERRORS))
    report.error(location(error.pos[0]), '', `not valid YAML: ${firstLine(error.message)}`);
  if (errors.length > 0) return null;
  for (const warning of documents.flatMap(document => document.warnings))
    report.warn(location(warning.pos[0]), '', firstLine(warning.message));
  try {
    return documents
      .filter(document => document.contents !== null)
      .map(document => new Converter(location, report).convert(document.contents, '', 0));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report.error(error.location, error.key, error.message);
    return null;
  }
}

function firstLine(message: string): string {
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  return (message.split('\n')[0] ?? '').replace(/[.:]?$/, '');
}

class Refusal extends Error {
  constructor(
    readonly location: SourceLocation,
    readonly key: string,
    message: string,
  ) {
    super(message);
  }
}

/** Turns one document's nodes into a Tree: aliases followed (shared, not copied), merge keys applied, bounds kept. */
class Converter {
  readonly #anchors = new Map<string, Tree | symbol>();
  #aliases = 0;

  constructor(
    readonly location: (offset: number) => SourceLocation,
    readonly report: Report,
  ) {}

  convert(node: unknown, path: string, depth: number): Tree {
    const at = this.location((node as Node | null)?.range?.[0] ?? 0);
    if (depth > MAX_DEPTH) throw new Refusal(at, path, `nested more than ${MAX_DEPTH} levels deep`);
    if (isAlias(node)) return this.#alias(node, at, path);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    const unfinished = Symbol(anchor);
    if (anchor !== undefined) this.#anchors.set(anchor, unfinished);
    const tree = this.#content(node, at, path, depth);
    if (tree.size > MAX_NODES) throw new Refusal(at, path, `more than ${MAX_NODES} values once the aliases are followed`);
    // An anchor of the same name further in comes later in the file, so it stays.
    if (anchor !== undefined && this.#anchors.get(anchor) === unfinished) this.#anchors.set(anchor, tree);
    return tree;
  }

  #content(node: unknown, at: SourceLocation, path: string, depth: number): Tree {
    if (isMap(node)) return this.#map(node, at, path, depth);
    if (isSeq(node))
      return list(
        at,
        node.items.map((item, index) => this.convert(item, `${path}[${index}]`, depth + 1)),
        tagOf(node),
      );
    if (isScalar(node)) return scalarTree(node, at);
    return scalar(at, null);
  }

  #alias(node: Alias, at: SourceLocation, path: string): Tree {
    this.#aliases++;
    if (this.#aliases > MAX_ALIASES) throw new Refusal(at, path, `more than ${MAX_ALIASES} aliases`);
    const target = this.#anchors.get(node.source);
    if (target === undefined) throw new Refusal(at, path, `the alias *${node.source} has no anchor before it`);
    if (typeof target === 'symbol') throw new Refusal(at, path, `the alias *${node.source} contains itself`);
    return target;
  }

  #map(node: YAMLMap, at: SourceLocation, path: string, depth: number): Tree {
    const own = new Map<string, TreeEntry>();
    const inherited = new Map<string, TreeEntry>();
    for (const pair of node.items) {
      const keyLocation = this.location((pair.key as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0);
      const key = this.#key(pair.key, keyLocation, path);
      const inner = path === '' ? key : `${path}.${key}`;
      const value = this.convert(pair.value ?? null, inner, depth + 1);
      const located = pair.value === null ? { ...value, location: keyLocation } : value;
      if (key === '<<' && (pair.key as Scalar).type === 'PLAIN') this.#inherit(located, inner, inherited);
      else if (own.has(key)) this.report.error(keyLocation, inner, 'duplicate key');
      else own.set(key, { keyLocation, value: located });
    }
    for (const [key, entry] of inherited) if (!own.has(key)) own.set(key, entry);
    return map(at, own, tagOf(node));
  }

  #key(key: unknown, at: SourceLocation, path: string): string {
    const tree = this.convert(key, path, MAX_DEPTH - 1);
    if (tree.kind === 'scalar' && tree.value !== null) return tree.text;
    throw new Refusal(at, path, 'a key must be a plain name');
  }

  /** `<<`: the first of several maps wins, and the map's own keys win over all. */
  #inherit(value: Tree, path: string, into: Map<string, TreeEntry>): void {
    for (const part of value.kind === 'list' ? value.items : [value]) {
      if (part.kind !== 'map') this.report.error(part.location, path, 'a merge key (<<) takes a mapping or a list of mappings');
      else for (const [key, entry] of part.entries) if (!into.has(key)) into.set(key, entry);
    }
  }
}

function tagOf(node: Node): Tag {
  const tag = node.tag;
  return tag === '!reset' || tag === '!override' ? TAGS[tag] : null;
}

/** Behind a tag of ours a plain scalar comes as text: what it would have been without the tag, in YAML's core schema. */
function untagged(text: string): ScalarTree['value'] {
  if (/^(null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase() === 'true';
  return /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
}

function scalarTree(node: Scalar, at: SourceLocation): Tree {
  const tag = tagOf(node);
  const { source = '' } = node;
  const value = tag !== null && node.type === 'PLAIN' && typeof node.value === 'string' ? untagged(node.value) : node.value;
  // `!!merge <<` is read as a symbol by that name.
  if (typeof value === 'symbol') return scalar(at, value.description ?? '', value.description ?? '', tag);
  if (typeof value === 'string' || typeof value === 'boolean') return scalar(at, value, String(value), tag);
  if (typeof value === 'number') {
    // Compose's YAML library still reads 0644 as octal, and keeps whole numbers that do not fit a double.
    if (/^[-+]?0[0-7]+$/.test(source)) return scalar(at, Number.parseInt(source, 8), undefined, tag);
    return scalar(at, value, /^\d+$/.test(source) && !Number.isSafeInteger(value) ? source : String(value), tag);
  }
  return value === null || value === undefined ? scalar(at, null, '', tag) : scalar(at, String(value), String(value), tag);
}
