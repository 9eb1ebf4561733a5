import { isMap, isScalar, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import type { Memory } from '../../model/spec.js';
import { formatSize } from './units.js';

/**
 * The text of a profile with these figures for a service that it names; null when it stands there in a way that is not edited (an
 * alias, a merge of several). Only the figures themselves are replaced, or put in where they are missing: every other letter stays,
 * which writing the parsed document out again would not do (it lays columns and long lines out anew).
 */
export function withMemory(text: string, service: string, figures: Partial<Memory>): string | null {
  let edited = text;
  for (const key of ['standard', 'maximum'] as const) {
    const bytes = figures[key];
    if (bytes === undefined) continue;
    const next = withFigure(edited, service, key, formatSize(bytes));
    if (next === null) return null;
    edited = next;
  }
  return edited;
}

function withFigure(text: string, service: string, key: 'standard' | 'maximum', size: string): string | null {
  const document = parseDocument(text, { stringKeys: true, merge: false });
  const services = document.get('services', true);
  const found = isMap(services) ? pairOf(services, service) : null;
  if (found === null) return null;
  if (!isMap(found.value)) return withValue(text, found, `{ memory: { ${key}: ${size} } }`);
  const memory = pairOf(found.value, 'memory');
  if (memory === null) return withItem(text, found.value, `memory: { ${key}: ${size} }`);
  if (!isMap(memory.value)) return withValue(text, memory, `{ ${key}: ${size} }`);
  const figure = pairOf(memory.value, key);
  if (figure === null) return withItem(text, memory.value, `${key}: ${size}`);
  return isScalar(figure.value) ? replaced(text, figure.value, quoted(figure.value, size)) : null;
}

type Item = Pair<Scalar, Node | null>;

function pairOf(map: YAMLMap, name: string): Item | null {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
  return pair === undefined ? null : (pair as Item);
}

/** In place of nothing, or of `null` written out. */
function withValue(text: string, { key, value }: Item, put: string): string | null {
  if (value !== null && !(isScalar(value) && value.value === null)) return null;
  if (isScalar(value) && value.range && value.range[1] > value.range[0]) return replaced(text, value, put);
  const colon = text.indexOf(':', key.range?.[1] ?? 0);
  return colon < 0 ? null : `${text.slice(0, colon + 1)} ${put}${text.slice(colon + 1)}`;
}

/** As the last item of a map, in its style. */
function withItem(text: string, map: YAMLMap, item: string): string | null {
  const [first, last] = [map.items[0], map.items.at(-1)] as (Item | undefined)[];
  if (map.flow && last === undefined) return replaced(text, map, `{ ${item} }`);
  if (!first?.key.range || !last) return null;
  const end = text.slice(0, last.value?.range?.[1] ?? last.key.range?.[1] ?? 0).trimEnd().length;
  if (map.flow) return `${text.slice(0, end)}, ${item}${text.slice(end)}`;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const at = text.indexOf(newline, end) < 0 ? text.length : text.indexOf(newline, end);
  const column = first.key.range[0] - (text.lastIndexOf('\n', first.key.range[0]) + 1);
  return `${text.slice(0, at)}${newline}${' '.repeat(column)}${item}${text.slice(at)}`;
}

function replaced(text: string, { range }: Node, put: string): string | null {
  return range ? text.slice(0, range[0]) + put + text.slice(range[1]) : null;
}

function quoted({ type }: Scalar, size: string): string {
  if (type === 'QUOTE_DOUBLE') return `"${size}"`;
  return type === 'QUOTE_SINGLE' ? `'${size}'` : size;
}
