/** Escapes with parameters, as for colours, up to their letter. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SEQUENCES = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?/g;
/** Titles, links and other strings for the terminal, up to their end, or the end of the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STRINGS = /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPES = /\x1b[ -/]*[0-~]?/g;
/**
 * What steers a terminal or makes it guess: control characters, the directions of text, joiners and variants of emoji (terminals disagree
 * on their width; without them each code point stands for itself), halves of surrogate pairs.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]|[\u{1f3fb}-\u{1f3ff}]|[\ufe00-\ufe0f]|\u20e3/gu;
const PLAIN = /^[\x20-\x7e]*$/;
const TAB = 8;
/** Characters of a text that are kept: a line of a log may be a whole file. */
const LONGEST = 4_000;

/** Text from outside as it may be shown: no control characters nor escapes, tabs as blanks, of what a bare return overwrites the last. */
export function cleanText(text: string): string {
  if (text.length <= LONGEST && PLAIN.test(text)) return text;
  const bare = text
    .slice(0, LONGEST)
    .replace(SEQUENCES, '')
    .replace(STRINGS, '')
    .replace(ESCAPES, '')
    .replace(/(?<![\r\n])[\r\n]+$/, '');
  const last = bare.slice(bare.lastIndexOf('\r') + 1).replaceAll('\n', ' ');
  return untabbed(last).replace(UNSAFE, '').normalize('NFC');
}

function untabbed(text: string): string {
  if (!text.includes('\t')) return text;
  let line = '';
  for (const part of text.split('\t')) line += line === '' && part === '' ? ' '.repeat(TAB) : part + ' '.repeat(TAB - (part.length % TAB));
  return line.trimEnd();
}

/** A value as JSON carries it with all its texts cleaned; the same value where nothing had to be. */
export function cleaned<T>(value: T): T {
  return cleanedValue(value) as T;
}

function cleanedValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.every(item => cleanedValue(item) === item) ? value : value.map(cleanedValue);
  }
  let changed: Record<string, unknown> | null = null;
  for (const key in value) {
    const before: unknown = Reflect.get(value, key);
    const after = cleanedValue(before);
    if (after === before) continue;
    changed ??= { ...value };
    changed[key] = after;
  }
  return changed ?? value;
}
