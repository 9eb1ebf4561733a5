import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, visit } from 'yaml';

/** A position in a YAML file; lines and columns count from 1. */
export interface YamlLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Locations of a document's keys and values by their path, joined with dots. The value at '' is the whole document. */
export interface YamlLocations {
  readonly keys: ReadonlyMap<string, YamlLocation>;
  readonly values: ReadonlyMap<string, YamlLocation>;
}

export function locationsOf(root: ParsedNode, at: (offset: number) => YamlLocation): YamlLocations {
  const keys = new Map<string, YamlLocation>();
  const values = new Map<string, YamlLocation>();
  const walk = (node: unknown, path: string): void => {
    const range = (node as Node | null)?.range;
    if (range) values.set(path, at(range[0]));
    const below = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
    if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, below(index));
    if (!isMap(node)) return;
    for (const pair of node.items) {
      if (!isScalar(pair.key)) continue;
      const inner = below(String(pair.key.value));
      if (pair.key.range) keys.set(inner, at(pair.key.range[0]));
      walk(pair.value, inner);
    }
  };
  walk(root, '');
  return { keys, values };
}

/** The location of a value, or of the nearest thing around it that is written down. */
export function nearestLocation(locations: YamlLocations, path: string, file: string): YamlLocation {
  const parts = path === '' ? [] : path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const inner = parts.slice(0, length).join('.');
    const location = length === parts.length ? locations.values.get(inner) : locations.keys.get(inner);
    if (location) return location;
  }
  return locations.values.get('') ?? { file, line: 1, column: 1 };
}

/** The location of a document's first alias, or of the first with a given name. */
export function aliasLocation(doc: Document.Parsed, name: string | null, at: (offset: number) => YamlLocation): YamlLocation {
  let offset = 0;
  visit(doc, (_key, node) => {
    if (!isAlias(node) || (name !== null && node.source !== name)) return undefined;
    offset = node.range?.[0] ?? 0;
    return visit.BREAK;
  });
  return at(offset);
}

/** `x-laptop-dev` of a service as the Compose room hands it over: locations of what is inside by path, of keys by `KEY#` and path. */
export interface ServiceBlock extends YamlLocation {
  readonly value: unknown;
  readonly locations: ReadonlyMap<string, YamlLocation>;
}

/** The location of a value, or of the nearest thing around it that is written down. Items of a list are `veto.0` here and `veto[0]` there. */
export function blockLocation(block: ServiceBlock, path: string): YamlLocation {
  const found = block.locations.get(path.replace(/\.(\d+)(?=\.|$)/g, '[$1]'));
  if (found !== undefined) return found;
  const outer = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
  return path === '' ? { file: block.file, line: block.line, column: block.column } : blockLocation(block, outer);
}
