import { LineCounter, parseDocument, type YAMLParseError, type YAMLWarning } from 'yaml';
import type { Problem } from '../../shared/problem.js';
import { aliasLocation, locationsOf, type YamlLocation, type YamlLocations } from './locations.js';

export interface YamlFile {
  /** Undefined when the file cannot be read as YAML; problems may stand beside a value. */
  readonly value: unknown;
  readonly locations: YamlLocations;
  readonly problems: readonly Problem[];
}

export const LARGEST_FILE = 256 * 1024;
/** The most values that all aliases together may expand to; an alias bomb multiplies them. */
const MOST_ALIASES = 100;
/** A file that is not YAML at all makes a mistake of every line. */
const MOST_FAULTS = 20;
const NOWHERE: YamlLocations = { keys: new Map(), values: new Map() };

/**
 * Reads YAML 1.2 from text: all mistakes of its form at once, with their locations. Duplicate keys, keys that are not text,
 * tags, merge keys (`<<` is an ordinary key here: `extends` is the way) and alias bombs are mistakes. Never throws.
 */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number): YamlLocation => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    return readDocument(text, lines, at);
  } catch (error) {
    // The parser recurses: thousands of nested brackets exhaust the stack.
    if (error instanceof RangeError) return refused(problemAt({ file, line: 1, column: 1 }, '', 'nested too deeply'));
    throw error;
  }
}

function readDocument(text: string, lines: LineCounter, at: (offset: number) => YamlLocation): YamlFile {
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: 'error', merge: false });
  const replaced = text.indexOf('\uFFFD');
  if (replaced >= 0) return refused(problemAt(at(replaced), '', 'a byte that is not UTF-8 text'));
  const faults = [...doc.errors, ...doc.warnings].slice(0, MOST_FAULTS).map(fault => faultOf(fault, text, at));
  if (faults.length > 0) return refused(...faults);
  // A %YAML 1.1 line would bring merge keys, sets and dates back.
  if (doc.directives.yaml.version !== '1.2') return refused(problemAt(at(0), '', `YAML ${doc.directives.yaml.version}`, 'YAML 1.2'));
  const locations = doc.contents === null ? NOWHERE : locationsOf(doc.contents, at);
  const hidden = [...locations.keys].filter(([path]) => /(^|\.)__proto__$/.test(path));
  const problems = hidden.map(([path, location]) => problemAt(location, path, 'not a name that a key can have'));
  try {
    const value: unknown = doc.toJS({ maxAliasCount: MOST_ALIASES });
    return value === null ? refused(problemAt(at(0), '', 'the file is empty', 'a map')) : { value, locations, problems };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const name = /^Unresolved alias .*: (.*)$/s.exec(error.message)?.[1];
    if (name !== undefined) return refused(problemAt(aliasLocation(doc, name, at), '', `no anchor &${name} before this alias`));
    const message = 'the aliases of the file stand for too much';
    return refused(problemAt(aliasLocation(doc, null, at), '', message, `at most ${MOST_ALIASES} values by alias`));
  }
}

function refused(...problems: Problem[]): YamlFile {
  return { value: undefined, locations: NOWHERE, problems };
}

/** The library's words, except where they speak to a programmer rather than to the writer of the file. */
function faultOf(fault: YAMLParseError | YAMLWarning, text: string, at: (offset: number) => YamlLocation): Problem {
  const location = at(fault.pos[0]);
  const key = /^["']?([\w-]+)/.exec(text.slice(fault.pos[0], fault.pos[0] + 80))?.[1] ?? '';
  switch (fault.code) {
    case 'DUPLICATE_KEY':
      return problemAt(location, key, 'duplicate key', 'each key once');
    case 'MULTIPLE_DOCS':
      return problemAt(location, '', 'a second document begins here', 'one document in a file');
    case 'NON_STRING_KEY':
      return problemAt(location, '', 'a key that is not text', 'a name');
    default:
      return problemAt(location, '', fault.message.split('\n')[0] ?? '');
  }
}

export function problemAt(
  location: YamlLocation,
  key: string,
  message: string,
  expected: string | null = null,
  nearest: string | null = null,
): Problem {
  return { file: location.file, line: location.line, column: location.column, key, message, expected, nearest };
}
