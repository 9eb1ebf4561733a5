import { type Bytes, parseBytes } from '../../../shared/bytes.js';
import { parseDuration } from '../../../shared/duration.js';
import { nearestName } from '../../../shared/nearest.js';
import type { Ms } from '../../../shared/span.js';
import type { Hints, Report } from './report.js';
import type { SourceLocation, Tree } from './tree.js';

/**
 * A location in the merged tree together with its path: what the normalising functions read from. A value of the wrong kind
 * reads as null without a word, because the schema has reported it already; what the schema cannot know (a size, a
 * duration) is reported here.
 */
export class Cursor {
  constructor(
    readonly tree: Tree,
    readonly path: string,
    readonly report: Report,
    readonly keyLocation: SourceLocation = tree.location,
  ) {}

  get location(): SourceLocation {
    return this.tree.location;
  }

  get isMap(): boolean {
    return this.tree.kind === 'map';
  }

  get isList(): boolean {
    return this.tree.kind === 'list';
  }

  /** The value under `key`; null when absent or null. */
  get(key: string): Cursor | null {
    const entry = this.tree.kind === 'map' ? this.tree.entries.get(key) : undefined;
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return null;
    return new Cursor(entry.value, this.#join(key), this.report, entry.keyLocation);
  }

  /** Entries of a map, null values included. */
  entries(): [string, Cursor][] {
    if (this.tree.kind !== 'map') return [];
    return [...this.tree.entries].map(([key, entry]) => [key, new Cursor(entry.value, this.#join(key), this.report, entry.keyLocation)]);
  }

  /** Items of a list; a single scalar counts as a list of one. */
  items(): Cursor[] {
    if (this.tree.kind === 'scalar') return this.tree.value === null ? [] : [this];
    if (this.tree.kind !== 'list') return [];
    return this.tree.items.map((item, index) => new Cursor(item, `${this.path}[${index}]`, this.report));
  }

  /** A scalar as text; null for anything else. */
  text(): string | null {
    return this.tree.kind === 'scalar' && this.tree.value !== null ? this.tree.text : null;
  }

  texts(): string[] {
    return this.items().flatMap(item => item.text() ?? []);
  }

  boolean(): boolean | null {
    const text = this.text();
    if (text === null) return null;
    if (/^(true|yes|on|y)$/i.test(text)) return true;
    if (/^(false|no|off|n)$/i.test(text)) return false;
    return this.#wrong(`${quote(text)} is not a truth value`, 'true or false');
  }

  number(expected = 'a number'): number | null {
    const text = this.text();
    if (text === null) return null;
    const value = /^[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
    return Number.isFinite(value) ? value : this.#wrong(`${quote(text)} is not a number`, expected);
  }

  integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): number | null {
    const expected =
      maximum === Number.MAX_SAFE_INTEGER ? `a whole number from ${minimum}` : `a whole number from ${minimum} to ${maximum}`;
    const value = this.number(expected);
    if (value === null || (Number.isInteger(value) && value >= minimum && value <= maximum)) return value;
    return this.#wrong(`${this.text()} is out of range`, expected);
  }

  bytes(): Bytes | null {
    const text = this.text();
    if (text === null) return null;
    return parseBytes(text) ?? this.#wrong(`${quote(text)} is not a size`, 'a size such as 512m, 256MB or 1g');
  }

  duration(): Ms | null {
    const text = this.text();
    if (text === null) return null;
    return (
      parseDuration(text.trim(), 'compose') ?? this.#wrong(`${quote(text)} is not a duration`, 'a duration such as 500ms, 10s or 1m30s')
    );
  }

  error(message: string, hints: Hints = {}): void {
    this.report.error(this.location, this.path, message, hints);
  }

  warn(message: string): void {
    this.report.warn(this.keyLocation, this.path, message);
  }

  /** Reports a name that nothing defines, with the closest one that is. */
  undefinedName(what: string, name: string, known: Iterable<string>): void {
    const names = [...known];
    const expected = names.length === 0 ? null : `one of ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
    this.error(`no ${what} ${quote(name)} is defined`, { expected, nearest: this.report.full ? null : nearestName(name, names) });
  }

  #join(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  #wrong(message: string, expected: string): null {
    this.error(message, { expected });
    return null;
  }
}

/** Shortens what is shown of a value, and puts it in quotation marks. */
export function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 57)}…` : line}"`;
}
