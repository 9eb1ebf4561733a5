import { nearestName } from '../../../shared/nearest.js';
import type { Report } from '../tree/report.js';
import { list, map, type ScalarTree, scalar, type Tree, type TreeEntry } from '../tree/tree.js';
import { InterpolationError, interpolate } from './interpolate.js';

/** All texts of one file together, once the variables are put in. */
const MAX_LENGTH = 4 * 1024 * 1024;
/** Finding the nearest of many names costs; beyond this many mistakes it is left out. */
const MAX_NEAREST = 20;

/** Puts the variables of each value's source into every text of the tree; keys stay as they are. Mistakes are reported. */
export function substitute(tree: Tree, report: Report): Tree {
  return new Substitution(report).visit(tree, '');
}

class Substitution {
  /** Shared parts (aliases) are done once and stay shared. */
  readonly #done = new Map<Tree, Tree>();
  #nearest = 0;
  #left = MAX_LENGTH;

  constructor(readonly report: Report) {}

  visit(tree: Tree, path: string): Tree {
    const known = this.#done.get(tree);
    if (known !== undefined) return known;
    const result = this.#visit(tree, path);
    this.#done.set(tree, result);
    return result;
  }

  #visit(tree: Tree, path: string): Tree {
    if (tree.kind === 'scalar')
      return typeof tree.value === 'string' && tree.value.includes('$') ? this.#text(tree, tree.value, path) : tree;
    if (tree.kind === 'list') {
      const items = tree.items.map((item, index) => this.visit(item, `${path}[${index}]`));
      return items.every((item, index) => item === tree.items[index]) ? tree : list(tree.location, items, tree.tag);
    }
    let changed = false;
    const entries = new Map<string, TreeEntry>();
    for (const [key, entry] of tree.entries) {
      const value = this.visit(entry.value, path === '' ? key : `${path}.${key}`);
      if (value !== entry.value) changed = true;
      entries.set(key, value === entry.value ? entry : { keyLocation: entry.keyLocation, value });
    }
    return changed ? map(tree.location, entries, tree.tag) : tree;
  }

  #text(tree: ScalarTree, template: string, path: string): Tree {
    const { variables } = tree.location.source;
    try {
      const text = interpolate(template, {
        lookup: name => variables.get(name),
        onUnset: name => this.#reportUnset(tree, path, name),
        maxLength: Math.max(0, this.#left),
      });
      this.#left -= text.length;
      return scalar(tree.location, text, text, tree.tag);
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      this.report.error(tree.location, path, error.message, { expected: error.expected, nearest: error.nearest });
      return tree;
    }
  }

  #reportUnset(tree: Tree, path: string, name: string): void {
    const nearest = () => (this.#nearest++ < MAX_NEAREST ? nearestName(name, tree.location.source.variables.keys()) : null);
    this.report.unset(tree.location, path, name, nearest);
  }
}
