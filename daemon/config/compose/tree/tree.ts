import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { Position } from '../types.js';

/**
 * A YAML document as the rest of the room sees it: plain values, each with its location. Trees are never changed, so parts
 * are shared (aliases, extends) and merging keeps the location where each value came from.
 */

/** Variables by name, as interpolation sees them. */
export type Variables = ReadonlyMap<string, string>;

/** The file that a value came from, and what its content is relative to. */
export interface SourceFile {
  /** Absolute path. */
  readonly file: string;
  /** Relative paths inside the file start here; absolute. */
  readonly directory: string;
  readonly variables: Variables;
}

/** Line and column count from 1. */
export interface SourceLocation {
  readonly source: SourceFile;
  readonly line: number;
  readonly column: number;
}

/** `!reset` removes the value of earlier files; `!override` replaces it instead of merging. */
export type Tag = 'reset' | 'override' | null;

interface Base {
  readonly location: SourceLocation;
  readonly tag: Tag;
  /** Number of nodes, shared ones counted each time. */
  readonly size: number;
}

export interface ScalarTree extends Base {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As Compose writes the value where it needs text: `1.50` is 1.5, null is empty. */
  readonly text: string;
}

export interface ListTree extends Base {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

export interface TreeEntry {
  readonly keyLocation: SourceLocation;
  readonly value: Tree;
}

export interface MapTree extends Base {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

export type Tree = ScalarTree | ListTree | MapTree;

export function scalar(
  location: SourceLocation,
  value: ScalarTree['value'],
  text: string = value === null ? '' : String(value),
  tag: Tag = null,
): ScalarTree {
  return { kind: 'scalar', location, tag, size: 1, value, text };
}

export function list(location: SourceLocation, items: readonly Tree[], tag: Tag = null): ListTree {
  let size = 1;
  for (const item of items) size += item.size;
  return { kind: 'list', location, tag, size, items };
}

export function map(location: SourceLocation, entries: ReadonlyMap<string, TreeEntry>, tag: Tag = null): MapTree {
  let size = 1;
  for (const entry of entries.values()) size += entry.value.size;
  return { kind: 'map', location, tag, size, entries };
}

export function isNull(tree: Tree | undefined): boolean {
  return tree === undefined || (tree.kind === 'scalar' && tree.value === null);
}

/** The value under `key`, unless it is absent or null. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  const value = tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined;
  return isNull(value) ? undefined : value;
}

/** `tree` with `key` set; the location of an existing key is kept. */
export function withEntry(tree: MapTree, key: string, value: Tree, keyLocation: SourceLocation = value.location): MapTree {
  const entries = new Map(tree.entries);
  entries.set(key, { keyLocation: tree.entries.get(key)?.keyLocation ?? keyLocation, value });
  return map(tree.location, entries, tree.tag);
}

export function withoutEntry(tree: MapTree, key: string): MapTree {
  const entries = new Map(tree.entries);
  entries.delete(key);
  return map(tree.location, entries, tree.tag);
}

/** Acts on what is left of the tags once everything is merged: `!reset` removes the key, `!override` is just its value. */
export function settleTree(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree.tag === null ? tree : scalar(tree.location, tree.value, tree.text);
  if (tree.kind === 'list') {
    const items = tree.items.filter(item => item.tag !== 'reset').map(settleTree);
    const same = tree.tag === null && items.length === tree.items.length && items.every((item, index) => item === tree.items[index]);
    return same ? tree : list(tree.location, items);
  }
  let same = tree.tag === null;
  const entries = new Map<string, TreeEntry>();
  for (const [key, entry] of tree.entries) {
    const value = entry.value.tag === 'reset' ? null : settleTree(entry.value);
    if (value !== entry.value) same = false;
    if (value !== null) entries.set(key, value === entry.value ? entry : { keyLocation: entry.keyLocation, value });
  }
  return same ? tree : map(tree.location, entries);
}

/** Plain JavaScript values, for the schema and for `x-` content. */
export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toValue);
  const object: Record<string, unknown> = {};
  for (const [key, entry] of tree.entries) {
    // Not an assignment: a key `__proto__` must stay a key.
    Object.defineProperty(object, key, { value: toValue(entry.value), enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** The position of a location for messages: without its folder and variables. */
export function positionOf(location: SourceLocation): Position {
  return { file: location.source.file, line: location.line, column: location.column };
}

/** The absolute path that `text` means where it stands: relative to its file's folder, `~` for the home folder. */
export function pathAt(location: SourceLocation, text: string): string {
  const { directory, variables } = location.source;
  if (text === '~' || text.startsWith('~/')) return resolve(variables.get('HOME') ?? homedir(), text.slice(2));
  return isAbsolute(text) ? resolve(text) : resolve(directory, text);
}
