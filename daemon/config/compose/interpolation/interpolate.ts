import { quote } from '../tree/cursor.js';

/** `${A:-${B:-…}}`: deeper than this is not meant. */
const MAX_DEPTH = 32;
const FORMS = ['', ':-default', ':?message', ':+word'].map(end => `\${NAME${end}}`).join(', ');

export type Lookup = (name: string) => string | undefined;

/** The reason why a text cannot be interpolated. */
export class InterpolationError extends Error {
  constructor(
    message: string,
    readonly expected: string | null = null,
    readonly nearest: string | null = null,
  ) {
    super(message);
  }
}

export interface InterpolateOptions {
  readonly lookup: Lookup;
  /** Told of every variable that is not set and has no default. */
  readonly onUnset?: (name: string) => void;
  /** Longest result, in characters; variables can hold variables, so that a few lines could mean gigabytes. */
  readonly maxLength: number;
}

/**
 * Replaces `$NAME`, `${NAME}` and `${NAME…}` with the operators `:-` `-` `:?` `?` `:+` `+`, whose words may hold variables
 * again; `$$` is a dollar sign, and a dollar sign before anything else stands for itself, all as Compose does.
 * Throws InterpolationError.
 */
export function interpolate(template: string, options: InterpolateOptions): string {
  if (!template.includes('$')) return template;
  return new Interpolation(options).expand(template, 0);
}

class Interpolation {
  #length = 0;

  constructor(readonly options: InterpolateOptions) {}

  expand(template: string, depth: number): string {
    if (depth > MAX_DEPTH) throw new InterpolationError(`variables are nested more than ${MAX_DEPTH} levels deep`);
    const parts: string[] = [];
    let from = 0;
    for (let at = template.indexOf('$'); at >= 0; at = template.indexOf('$', from)) {
      parts.push(this.#counted(template.slice(from, at)));
      const { text, end } = this.#variable(template, at, depth);
      parts.push(text);
      from = end;
    }
    parts.push(this.#counted(template.slice(from)));
    return parts.join('');
  }

  /** The text that replaces the `$…` at `at`, and the end of that expression. */
  #variable(template: string, at: number, depth: number): { text: string; end: number } {
    const next = template[at + 1];
    if (next === '$') return { text: this.#counted('$'), end: at + 2 };
    if (next === '{') return this.#braced(template, at, depth);
    const name = nameAt(template, at + 1);
    if (name === '') return { text: this.#counted('$'), end: at + 1 };
    return { text: this.#value(name), end: at + 1 + name.length };
  }

  #braced(template: string, at: number, depth: number): { text: string; end: number } {
    const name = nameAt(template, at + 2);
    const after = at + 2 + name.length;
    if (name !== '' && template[after] === '}') return { text: this.#value(name), end: after + 1 };
    const operator = operatorAt(template, after);
    const close = closingBrace(template, at);
    if (close < 0) throw new InterpolationError(`the brace of ${quote(template.slice(at))} is not closed`, '}');
    if (name === '' || operator === '') throw new InterpolationError(`${quote(template.slice(at, close + 1))} is not a variable`, FORMS);
    return { text: this.#chosen(name, operator, template.slice(after + operator.length, close), depth), end: close + 1 };
  }

  #chosen(name: string, operator: string, word: string, depth: number): string {
    const value = this.options.lookup(name);
    const present = value !== undefined && (value !== '' || !operator.startsWith(':'));
    if (operator.endsWith('+')) return present ? this.expand(word, depth + 1) : '';
    if (present) return this.#counted(value);
    if (operator.endsWith('-')) return this.expand(word, depth + 1);
    const reason = this.expand(word, depth + 1);
    throw new InterpolationError(
      `the variable ${name} is required and ${value === undefined ? 'not set' : 'empty'}${reason === '' ? '' : `: ${reason}`}`,
    );
  }

  #value(name: string): string {
    const value = this.options.lookup(name);
    if (value === undefined) this.options.onUnset?.(name);
    return this.#counted(value ?? '');
  }

  #counted(text: string): string {
    this.#length += text.length;
    if (this.#length > this.options.maxLength)
      throw new InterpolationError(`longer than ${this.options.maxLength} characters once the variables are put in`);
    return text;
  }
}

function nameAt(template: string, at: number): string {
  const pattern = /[_a-z][_a-z0-9]*/iy;
  pattern.lastIndex = at;
  return pattern.exec(template)?.[0] ?? '';
}

function operatorAt(template: string, at: number): string {
  const pattern = /:?[-?+]/y;
  pattern.lastIndex = at;
  return pattern.exec(template)?.[0] ?? '';
}

/**
 * Index of the brace that closes the `${` at `start`, as Compose counts (compose-go, template.go): the character after an opening brace
 * is not looked at, so that `${X:-{}` is `{`; where the count does not come out, the last brace of the line closes. -1: there is none.
 */
function closingBrace(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  const onLine = text.lastIndexOf('}', newline < 0 ? text.length : newline);
  // Compose refuses a word of several lines; what it means is clear.
  const last = onLine > start ? onLine : text.lastIndexOf('}');
  if (last < start) return -1;
  let depth = 0;
  for (let index = start; index <= last; index++) {
    if (text[index] === '}' && --depth === 0) return index;
    if (text[index] === '{') {
      depth++;
      index++;
    }
  }
  return last;
}
