/** `yaml`'s own limit of 100 aliases breaks real files (docs/design/compose.md, "Bounds"). */
export const MAX_ALIASES = 10_000;
export const MAX_DEPTH = 64;
const MAX_DOCUMENTS = 100;

/** The reason why a text is refused before it is parsed; `offset` in characters. */
export interface Excess {
  readonly offset: number;
  readonly message: string;
}

/**
 * Counts what costs a parser most, from the tokens alone: brackets in brackets, aliases, documents, empty entries. A few hundred KiB of
 * them would take seconds and hundreds of MB before the first node could be looked at. `tokens`: of the yaml package's Lexer, which this room does not load. Null: nothing
 * is out of bounds.
 */
export function prescanYaml(tokens: Iterable<string>): Excess | null {
  let offset = 0;
  let depth = 0;
  let aliases = 0;
  let documents = 0;
  let scalar = false;
  /** Lists that begin in one line, each in the one before. */
  let dashes = 0;
  let last = '';
  for (const token of tokens) {
    if (scalar) scalar = false;
    // U+001F is the lexer's own mark before a scalar, not part of the text.
    else if (token === '\u001f') scalar = true;
    else if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    else if (token === '---') documents++;
    else if (token.startsWith('*')) aliases++;
    if (token === ',' && last === ',') return { offset, message: 'not valid YAML: nothing stands between two commas' };
    if (token === '-') dashes++;
    else if (token.trim() !== '' || token.includes('\n')) dashes = 0;
    if (token.trim() !== '') last = token;
    if (depth > MAX_DEPTH) return { offset, message: `nested more than ${MAX_DEPTH} levels deep` };
    if (dashes > MAX_DEPTH) return { offset, message: `nested too deeply: more than ${MAX_DEPTH} lists in one line` };
    if (aliases > MAX_ALIASES) return { offset, message: `more than ${MAX_ALIASES} aliases` };
    if (documents > MAX_DOCUMENTS) return { offset, message: `more than ${MAX_DOCUMENTS} documents in one file` };
    if (!CONTROL.has(token)) offset += token.length;
  }
  return null;
}

/** Marks of the lexer that are not part of the text: byte order mark, document mode, flow error, scalar. */
const CONTROL: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);
