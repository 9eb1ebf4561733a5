import { Document, isAlias, isMap, isScalar, Lexer, LineCounter, type Pair, type ParsedNode, parseAllDocuments, type YAMLMap } from 'yaml';
import type { Bytes } from '../../../shared/bytes.js';
import { nearestName } from '../../../shared/nearest.js';
import { prescanYaml } from '../../../shared/prescan-yaml.js';
import { parseSize } from '../wslconfig/values.js';

/** One thing in settings.yaml that wslc skips or reads differently from how it reads to people. */
export interface SettingsDiagnostic {
  /** From 1. */
  readonly line: number;
  readonly kind: 'broken' | 'structure' | 'documents' | 'unknown-key' | 'bad-value' | 'duplicate' | 'small-letters';
  readonly message: string;
  /** The corrected line, or what to do; null when nothing better is known. */
  readonly fix: string | null;
}

/** A setting that counts: neither absent, nor null, nor `default`, nor refused. */
export interface Setting {
  /** As session.memorySize. */
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface WslcSettings {
  readonly document: Document<ParsedNode>;
  /** By name. */
  readonly effective: ReadonlyMap<string, Setting>;
  /** In the order of the lines. */
  readonly diagnostics: readonly SettingsDiagnostic[];
  /** wslc takes the defaults for everything. */
  readonly ignored: boolean;
}

type Kind = 'size' | 'count' | 'boolean' | 'text' | 'path' | { readonly oneOf: readonly string[] };

/** All settings of wslc (WSLCUserSettings.h); names are case-sensitive. */
const SETTINGS: Readonly<Record<string, Kind>> = {
  'session.cpuCount': 'count',
  'session.memorySize': 'size',
  'session.maxStorageSize': 'size',
  'session.networkingMode': { oneOf: ['none', 'nat', 'consomme'] },
  'session.hostFileShareMode': { oneOf: ['plan9', 'virtiofs'] },
  'session.dnsTunneling': 'boolean',
  'session.hostLoopback': 'text',
  credentialStore: { oneOf: ['wincred', 'file'] },
  'experimental.portRelay': { oneOf: ['virtionet', 'wslrelay'] },
  'session.defaultBindingAddress': 'text',
  'session.storagePath': 'path',
  'session.idleTimeout': 'count',
};

const SECTIONS: ReadonlySet<string> = new Set(
  Object.keys(SETTINGS).flatMap(name => (name.includes('.') ? [name.split('.')[0] ?? ''] : [])),
);

/** The built-in value, written out. */
const DEFAULT = 'default';

/**
 * Parsed for an edit and for a look: its place in the text is kept, and a key may be there twice. `fault`: the first thing by which it is no YAML, or more than
 * would be parsed in bounded time and memory; its offset.
 */
export function parseWslcSettings(text: string) {
  const lines = new LineCounter();
  const excess = prescanYaml(new Lexer().lex(text));
  if (excess !== null) {
    const line = text.slice(0, excess.offset).split('\n').length;
    return { documents: [], fault: excess, lineOf: () => line };
  }
  const read = parseAllDocuments(text, { uniqueKeys: false, lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const documents: readonly Document<ParsedNode>[] = Array.isArray(read) ? read : [];
  const [error] = documents[0]?.errors ?? [];
  const fault = error ? { offset: error.pos[0], message: error.message } : null;
  return { documents, fault, lineOf: (offset: number) => lines.linePos(offset).line };
}

/** Reads the text of a settings.yaml as wslc does, and tells what of it does not say what it seems to. */
export function readWslcSettings(text: string): WslcSettings {
  const { documents, fault, lineOf } = parseWslcSettings(text);
  const [document = new Document<ParsedNode>(undefined), second] = documents;
  const found: SettingsDiagnostic[] = [];
  const say = (offset: number, kind: SettingsDiagnostic['kind'], message: string, fix: string | null = null) =>
    found.push({ line: lineOf(offset), kind, message, fix });
  if (fault) {
    say(fault.offset, 'broken', `wslc takes the defaults for everything: ${fault.message}`, 'correct the line');
    return { document, effective: new Map(), diagnostics: found, ignored: true };
  }
  if (second) say(second.range?.[0] ?? 0, 'documents', 'wslc reads what is above this --- alone', 'remove the rest');
  const root = document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    say(
      root.range[0],
      'structure',
      'wslc takes the defaults for everything: the file is no list of names and values',
      'write session: and its keys',
    );
    return { document, effective: new Map(), diagnostics: found, ignored: true };
  }
  const effective = new Map<string, Setting>();
  const visit = (map: YAMLMap.Parsed, before: string) => {
    const seen = new Map<string, number>();
    for (const pair of map.items) {
      const { key, value } = resolved(document, pair);
      const [at] = pair.key.range;
      const name = before === '' ? key : `${before}.${key}`;
      const first = seen.get(key);
      if (first !== undefined) {
        say(at, 'duplicate', `${name} is not read: line ${first} has it already`, `change line ${first} and remove this one`);
        continue;
      }
      seen.set(key, lineOf(at));
      if (isMap(value) && SECTIONS.has(name)) visit(value as YAMLMap.Parsed, name);
      else judge(name, value, at);
    }
  };
  const judge = (name: string, value: unknown, at: number) => {
    const kind = SETTINGS[name];
    if (kind === undefined) {
      if (SECTIONS.has(name) && isScalar(value) && value.value === null) return;
      const nearest = nearestName(name, Object.keys(SETTINGS)) ?? sameLetters(name);
      say(at, 'unknown-key', `wslc knows no setting ${name}`, nearest === null ? null : `did you mean ${nearest}?`);
      return;
    }
    if (!isScalar(value)) return void say(at, 'bad-value', `${name}: this is no value; the default holds`);
    const written = textOf(value);
    if (value.value === null || written === DEFAULT) return;
    const fault = faultOf(kind, written);
    if (fault !== null)
      return void say(at, 'bad-value', `${name}: "${written}" ${fault}; the default holds`, betterOf(name, kind, written));
    if (kind === 'size' && parseSize(written) === null) {
      const fix = `${lastOf(name)}: ${written.toUpperCase()}`;
      say(at, 'small-letters', `${name}: up to WSL 2.9.4 a size is read in capitals alone`, fix);
    }
    effective.set(name, { name, value: written, line: lineOf(at) });
  };
  if (isMap(root)) visit(root, '');
  return { document, effective, diagnostics: found.sort((a, b) => a.line - b.line), ignored: false };
}

/** Key and value of a pair, aliases followed. */
function resolved(document: Document<ParsedNode>, { key, value }: Pair<ParsedNode, ParsedNode | null>) {
  const target = isAlias(value) ? (value.resolve(document) ?? null) : value;
  return { key: isScalar(key) ? textOf(key) : String(key), value: target };
}

/** As written: wslc reads each as text first. */
function textOf({ source, value }: { readonly source?: string | undefined; readonly value: unknown }): string {
  return source ?? String(value ?? '');
}

function sameLetters(name: string): string | null {
  return Object.keys(SETTINGS).find(known => known.toLowerCase() === name.toLowerCase()) ?? null;
}

function lastOf(name: string): string {
  return name.split('.').at(-1) ?? name;
}

const LEAST_SIZE: Bytes = 2 ** 20;

/** A size of wslc's, in bytes; units in any case, as its documentation has it from 3.0 on. Null: refused, as what is below a megabyte. */
export function parseWslcSize(text: string): Bytes | null {
  const bytes = parseSize(text.toUpperCase());
  return bytes === null || bytes < LEAST_SIZE ? null : bytes;
}

/** As yaml-cpp reads it: hexadecimal after 0x, octal after 0. */
const COUNT = /^\+?(?:0x[0-9a-fA-F]+|\d+)$/;

/** In small letters, in capitals, or with a capital first, as yaml-cpp reads it. */
function isBoolean(text: string): boolean {
  const words = ['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off'];
  return words.some(word => [word, word.toUpperCase(), word.slice(0, 1).toUpperCase() + word.slice(1)].includes(text));
}

function faultOf(kind: Kind, text: string): string | null {
  if (kind === 'size') return parseWslcSize(text) === null ? 'is no size of a megabyte or more' : null;
  if (kind === 'count') return COUNT.test(text) && !/^[+0x]*$/.test(text) ? null : 'is no whole number above 0';
  if (kind === 'boolean') return isBoolean(text) ? null : 'is neither true nor false';
  if (kind === 'path') return /^(?:[A-Za-z]:[\\/]|\\\\)/.test(text) ? null : 'is no absolute path';
  if (kind === 'text') return text === '' ? 'is empty' : null;
  return kind.oneOf.includes(text) ? null : `is none of ${kind.oneOf.join(', ')}`;
}

/** `4 GB`, `4GiB`, `4G` → the same in wslc's notation; null when it is no size in any. */
function betterOf(name: string, kind: Kind, text: string): string | null {
  const match = kind === 'size' ? /^\s*(\d+)\s*([KMGT])i?B?\s*$/i.exec(text) : null;
  return match === null ? null : `${lastOf(name)}: ${match[1]}${match[2]?.toUpperCase()}B`;
}
