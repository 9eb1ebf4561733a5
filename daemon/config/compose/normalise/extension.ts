import { positionOf } from '../position.js';
import type { Cursor } from '../tree/cursor.js';
import { type Tree, toValue } from '../tree/tree.js';
import type { Extension, Position } from '../types.js';

const KEY = 'x-laptop-dev';

/** `x-laptop-dev` as it stands, with the place of every value in it. */
export function extensionOf(service: Cursor): Extension | null {
  const cursor = service.get(KEY);
  if (cursor === null) return null;
  const places = new Map<string, Position>();
  collect(cursor.tree, '', places);
  return { value: toValue(cursor.tree), ...positionOf(cursor.place), places };
}

function collect(tree: Tree, path: string, places: Map<string, Position>): void {
  places.set(path, positionOf(tree.place));
  if (tree.kind === 'list') {
    for (const [index, item] of tree.items.entries()) collect(item, `${path}[${index}]`, places);
  } else if (tree.kind === 'map') {
    for (const [key, entry] of tree.entries) {
      const inner = path === '' ? key : `${path}.${key}`;
      places.set(`KEY#${inner}`, positionOf(entry.keyPlace));
      collect(entry.value, inner, places);
    }
  }
}
