import { map, scalar, type Tree, type TreeEntry } from './tree.js';

/** A list of `KEY=value` as a map; a bare `KEY` gets null. */
export function keyValues(tree: Tree): Tree {
  if (tree.kind !== 'list') return tree;
  const entries = new Map<string, TreeEntry>();
  for (const item of tree.items) {
    if (item.kind !== 'scalar') continue;
    const at = item.text.indexOf('=');
    const value = at < 0 ? scalar(item.location, null) : scalar(item.location, item.text.slice(at + 1));
    entries.set(at < 0 ? item.text : item.text.slice(0, at), { keyLocation: item.location, value });
  }
  return map(tree.location, entries, tree.tag);
}

/** A list of names as a map of nulls. */
export function names(tree: Tree): Tree {
  if (tree.kind !== 'list') return tree;
  const entries = new Map<string, TreeEntry>();
  for (const item of tree.items)
    if (item.kind === 'scalar') entries.set(item.text, { keyLocation: item.location, value: scalar(item.location, null) });
  return map(tree.location, entries, tree.tag);
}

/** `depends_on: [db]` as the mapping that it stands for: a plain start is waited for, also where an earlier file asked for more. */
export function dependencies(tree: Tree): Tree {
  if (tree.kind !== 'list') return tree;
  const written = names(tree);
  if (written.kind !== 'map') return written;
  const entries = new Map<string, TreeEntry>();
  for (const [name, entry] of written.entries) {
    const at = entry.keyLocation;
    const value = (content: string | boolean): TreeEntry => ({ keyLocation: at, value: scalar(at, content) });
    const long = new Map([
      ['condition', value('service_started')],
      ['required', value(true)],
    ]);
    entries.set(name, { keyLocation: at, value: map(at, long) });
  }
  return map(tree.location, entries, tree.tag);
}

/** `build: ./folder` as `build: {context: ./folder}`. */
export function withContext(tree: Tree): Tree {
  return tree.kind === 'scalar' ? map(tree.location, new Map([['context', { keyLocation: tree.location, value: tree }]]), tree.tag) : tree;
}

/** The short form of a service's volume, `[SOURCE:]TARGET[:OPTIONS]`, split. */
export interface ShortMount {
  readonly source: string | null;
  readonly target: string;
  readonly options: readonly string[];
}

/** Returns null when the text has an empty part or too many. */
export function splitShortMount(text: string): ShortMount | null {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some(part => part === '')) return null;
  const [first = '', second, options] = parts;
  if (second === undefined) return { source: null, target: first, options: [] };
  return { source: first, target: second, options: options?.split(',') ?? [] };
}

/** A path in a container without `.`, `..` and doubled or trailing slashes. */
export function cleanTarget(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}` || (path.startsWith('/') ? '/' : '.');
}
