import { quote } from '../tree/cursor.js';
import { InterpolationError, interpolate, type Lookup } from './interpolate.js';

/** Everything that one file may come to; its lines can refer to each other, and doubling thirty times makes gigabytes. */
const MAX_LENGTH = 1024 * 1024;
const SPACE = /[\t\v\f\r \u0085\u00a0]/;
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  c: '\\c',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

export interface DotenvMistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Dotenv {
  readonly variables: Map<string, string>;
  /** Reading ends at the first mistake. */
  readonly mistake: DotenvMistake | null;
}

/**
 * Reads an env file in Compose's dialect: `export`, `KEY=value` or `KEY: value`, a bare `KEY` (taken from `lookup`), comments,
 * double quotes with escapes and variables, single quotes without, values over several lines, variables from `lookup` first
 * and then from the lines above.
 */
export function parseDotenv(text: string, lookup: Lookup): Dotenv {
  const reader = new DotenvReader(text.replace(/^\uFEFF/, ''), lookup);
  try {
    reader.read();
    return { variables: reader.variables, mistake: null };
  } catch (error) {
    if (error instanceof Mistake || error instanceof InterpolationError)
      return { variables: reader.variables, mistake: { ...reader.position(), message: error.message } };
    throw error;
  }
}

/** `format: raw`: `KEY=value` lines taken as they are, without quotes or variables. */
export function parseRawEnv(text: string): Dotenv {
  const variables = new Map<string, string>();
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const at = line.indexOf('=');
    if (at > 0 && !line.startsWith('#')) variables.set(line.slice(0, at).trim(), line.slice(at + 1));
  }
  return { variables, mistake: null };
}

class Mistake extends Error {}

class DotenvReader {
  readonly variables = new Map<string, string>();
  #at = 0;
  #statement = 0;
  #length = 0;

  constructor(
    readonly text: string,
    readonly lookup: Lookup,
  ) {}

  read(): void {
    while (this.#toStatement()) {
      const key = this.#key();
      if (key.inherited) {
        const value = this.lookup(key.name);
        if (value !== undefined) this.variables.set(key.name, value);
        continue;
      }
      const value = this.#value();
      this.#length += value.length;
      if (this.#length > MAX_LENGTH) throw new Mistake(`the values come to more than ${MAX_LENGTH} characters`);
      this.variables.set(key.name, value);
    }
  }

  /** Line and column of the statement being read. */
  position(): { line: number; column: number } {
    const before = this.text.slice(0, this.#statement);
    return { line: before.split('\n').length, column: this.#statement - before.lastIndexOf('\n') };
  }

  #toStatement(): boolean {
    for (;;) {
      while (/\s/.test(this.text[this.#at] ?? '')) this.#at++;
      if (this.text[this.#at] !== '#') break;
      this.#at = this.#lineEnd();
    }
    this.#statement = this.#at;
    return this.#at < this.text.length;
  }

  #lineEnd(): number {
    const end = this.text.indexOf('\n', this.#at);
    return end < 0 ? this.text.length : end;
  }

  #key(): { name: string; inherited: boolean } {
    const line = this.text.slice(this.#at, this.#lineEnd());
    const prefix = /^export[\t\v\f\r \u0085\u00a0]+/.exec(line)?.[0].length ?? 0;
    const rest = line.slice(prefix);
    const stop = rest.search(/[=:]/);
    const name = (stop < 0 ? rest : rest.slice(0, stop)).trim();
    const bad = /[^\p{L}\p{N}_.\-[\]]/u.exec(name);
    if (bad)
      throw new Mistake(
        SPACE.test(bad[0]) ? `the name ${quote(name)} has a space in it` : `unexpected ${quote(bad[0])} in the name ${quote(name)}`,
      );
    if (name === '') throw new Mistake('a value without a name');
    this.#at += stop < 0 ? line.length : prefix + stop + 1;
    while (stop >= 0 && SPACE.test(this.text[this.#at] ?? '')) this.#at++;
    return { name, inherited: stop < 0 };
  }

  #value(): string {
    const quoteMark = this.text[this.#at];
    if (quoteMark === '"' || quoteMark === "'") return this.#quoted(quoteMark);
    const line = this.text.slice(this.#at, this.#lineEnd());
    this.#at = this.#lineEnd();
    const comment = line.indexOf(' #');
    return this.#expand((comment < 0 ? line : line.slice(0, comment)).trimEnd());
  }

  #quoted(mark: string): string {
    const parts: string[] = [];
    for (let index = this.#at + 1; index < this.text.length; index++) {
      const char = this.text[index] ?? '';
      if (char === mark) {
        this.#at = index + 1;
        const value = parts.join('');
        return mark === '"' ? this.#expand(expandEscapes(value)) : value;
      }
      const next = this.text[index + 1] ?? '';
      if (char !== '\\') parts.push(char);
      else {
        // The quotation mark loses its backslash here; other escapes are read by `expandEscapes`, in double quotes only.
        parts.push(next === mark ? next : char + next);
        index++;
      }
    }
    // Without the text: it may be a password.
    throw new Mistake('the quotation mark of the value is not closed');
  }

  #expand(value: string): string {
    return interpolate(value, { lookup: name => this.lookup(name) ?? this.variables.get(name), maxLength: MAX_LENGTH });
  }
}

function expandEscapes(value: string): string {
  return value.replace(/\\(?:0([0-7]{0,3})|([abcfnrtv$"\\]))/g, (whole, octal: string | undefined, letter: string | undefined) => {
    if (octal === undefined) return ESCAPES[letter ?? ''] ?? whole;
    return octal === '' ? whole : String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  });
}
