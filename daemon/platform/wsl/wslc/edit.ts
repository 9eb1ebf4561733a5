import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, type ParsedNode, parse, type YAMLMap } from 'yaml';
import { applyPatches, type ConfigChange, newlineOf, type Patch } from '../wslconfig/edit.js';
import { parseWslcSettings } from './settings.js';

/** The patches, or the reason why this text is left alone. */
export type SettingsEdit =
  | { readonly patches: readonly Patch[]; readonly refused: null }
  | { readonly patches: null; readonly refused: string };

/**
 * The patches, each for the text that the one before it has left, after which wslc reads these settings: a value is replaced where it stands, a key that is not
 * there goes below the comment that names it, else to the end of its section. All other letters stay. What comes out is read again: a text in which
 * anything else would change, or that wslc cannot read, is refused.
 */
export function planSettingsEdit(text: string, changes: readonly ConfigChange[]): SettingsEdit {
  const patches: Patch[] = [];
  let now = text;
  for (const change of changes) {
    const patch = patchFor(now, change);
    if (typeof patch === 'string') return { patches: null, refused: patch };
    if (patch === null) continue;
    now = applyPatches(now, [patch]);
    patches.push(patch);
  }
  return { patches, refused: null };
}

type Read = Document<ParsedNode>;

/** Null: it has the value already. A text: why it cannot be edited. */
function patchFor(text: string, { name, value }: ConfigChange): Patch | null | string {
  const [section, key] = name.includes('.') ? (name.split('.') as [string, string]) : [null, name];
  const path = section === null ? [key] : [section, key];
  const document = onlyDocument(text);
  if (typeof document === 'string') return document;
  const wanted = dataWith(document, path, value);
  if (wanted === null) return `${section} is no section of names and values`;
  if (isDeepStrictEqual(dataOf(document), wanted)) return null;
  for (const patch of candidates(text, document, section, key, value)) {
    const edited = onlyDocument(applyPatches(text, [patch]));
    if (typeof edited !== 'string' && isDeepStrictEqual(dataOf(edited), wanted)) return patch;
  }
  return `${name} cannot be put into it without a change to something else`;
}

function onlyDocument(text: string): Read | string {
  const { documents, fault, lineOf } = parseWslcSettings(text);
  if (fault) return `line ${lineOf(fault.offset)} is no YAML: ${fault.message}`;
  const [document, second] = documents;
  if (document === undefined) return new Document<ParsedNode>(undefined);
  if (second) return `it holds a second document, from line ${lineOf(second.range?.[0] ?? 0)} on`;
  const { contents } = document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) return 'it is no list of names and values';
  return nameless(contents) ?? twice(document) ?? document;
}

/** `: value`, which readers understand differently. */
function nameless(root: unknown): string | null {
  const isOdd = (map: unknown) => isMap(map) && map.items.some(({ key }) => !isScalar(key) || key.value === null);
  const sections = isMap(root) ? root.items.map(({ value }) => value) : [];
  return [root, ...sections].some(isOdd) ? 'it has a value without a name' : null;
}

/** Which of two with one name counts differs between readers. */
function twice(document: Read): string | null {
  const inMap = (map: unknown, before: string): string | null => {
    if (!isMap(map)) return null;
    const names = map.items.map(({ key }) => String(key));
    const found = names.find((each, index) => names.indexOf(each) !== index);
    return found === undefined ? null : `it has ${before}${found} twice`;
  };
  const sections = isMap(document.contents) ? document.contents.items : [];
  return inMap(document.contents, '') ?? sections.map(({ key, value }) => inMap(value, `${key}.`)).find(each => each !== null) ?? null;
}

function dataOf(document: Read): unknown {
  try {
    return document.toJS({ mapAsMap: true }) ?? new Map();
  } catch {
    // More aliases than anybody writes: not equal to anything.
    return document;
  }
}

/** The data with the value at its path; null: its section holds something else. */
function dataWith(document: Read, path: readonly string[], value: string): unknown {
  const data = dataOf(document);
  if (!(data instanceof Map)) return null;
  const all = new Map<unknown, unknown>(data);
  const [first = '', second] = path;
  const read: unknown = parse(value);
  if (second === undefined) return all.set(first, read);
  const section: unknown = all.get(first) ?? new Map();
  return section instanceof Map ? all.set(first, new Map<unknown, unknown>(section).set(second, read)) : null;
}

/** Places, the one that people would choose first. */
function* candidates(text: string, document: Read, section: string | null, key: string, value: string): Generator<Patch> {
  const root = isMap(document.contents) ? document.contents : null;
  const newline = newlineOf(text);
  const insert = (at: number, inserted: string): Patch => ({ at, removed: '', inserted });
  const map = section === null ? root : mapOf(root, section);
  const pair = map?.items.find(each => String(each.key) === key);
  if (pair) {
    const [start, end] = pair.value?.range ?? [pair.key.range[1], pair.key.range[1]];
    const removed = text.slice(start, end);
    const ended = /\r?\n$/.exec(removed)?.[0] ?? '';
    yield { at: start, removed, inserted: value + ended };
    yield { at: start, removed, inserted: ` ${value}${ended}` };
    return;
  }
  if (map?.flow) {
    const at = map.range[0] + 1;
    yield insert(at, map.items.length === 0 ? `${key}: ${value}` : ` ${key}: ${value},`);
    return;
  }
  const header = section === null ? null : root?.items.find(each => String(each.key) === section);
  const from = map && map !== root ? map.range[0] : (header?.key.range[1] ?? 0);
  const indent = map ? indentAt(text, map.range[0]) : section === null ? '' : `${header ? indentAt(text, header.key.range[0]) : ''}  `;
  const line = `${indent}${key}: ${value}`;
  const behind = (at: number) => {
    const end = endOfLine(text, at);
    return text[end - 1] === '\n' ? insert(end, line + newline) : insert(end, `${newline}${line}`);
  };
  // The comment by which `wslc settings` shows the key, as it stands in the section.
  const comment = new RegExp(`^[ \\t]*#[ \\t]*${key}[ \\t]*:`, 'gm');
  comment.lastIndex = header?.key.range[1] ?? 0;
  const named = section === null || header ? comment.exec(text) : null;
  if (named) yield behind(named.index);
  if (map && map.items.length > 0) {
    const last = map.items.at(-1);
    yield behind(Math.max(0, (last?.value?.range[1] ?? last?.key.range[1] ?? 1) - 1));
    yield insert(startOfLine(text, from), line + newline);
    return;
  }
  if (header) {
    const written = header.value && isScalar(header.value) ? header.value.range : null;
    if (written && written[1] > written[0])
      yield { at: written[0], removed: text.slice(written[0], written[1]), inserted: `{ ${key}: ${value} }` };
    yield behind(Math.max(0, header.key.range[1]));
    return;
  }
  if (root?.flow) {
    const flow = section === null ? `${key}: ${value}` : `${section}: { ${key}: ${value} }`;
    yield insert(root.range[0] + 1, root.items.length === 0 ? flow : ` ${flow},`);
    return;
  }
  const rootIndent = root ? indentAt(text, root.range[0]) : '';
  const whole = section === null ? `${key}: ${value}` : `${section}:${newline}${rootIndent}  ${key}: ${value}`;
  const stop = /^\.\.\.[ \t]*\r?$/m.exec(text)?.index ?? text.length;
  const ended = stop === 0 || text[stop - 1] === '\n';
  yield insert(stop, `${ended ? '' : newline}${rootIndent}${whole}${newline}`);
  if (document.contents !== null && isScalar(document.contents)) {
    const [start, end] = document.contents.range;
    yield {
      at: start,
      removed: text.slice(start, end),
      inserted: section === null ? `{ ${key}: ${value} }` : `{ ${section}: { ${key}: ${value} } }`,
    };
  }
}

function mapOf(root: YAMLMap.Parsed | null, section: string): YAMLMap.Parsed | null {
  const found = root?.items.find(({ key }) => String(key) === section)?.value;
  return isMap(found) ? (found as YAMLMap.Parsed) : null;
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Behind the line break of the line in which a letter is. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** The blanks before a letter, as they stand at the start of its line. */
function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(startOfLine(text, at), at))?.[0] ?? '';
}
