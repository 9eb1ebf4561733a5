/**
 * How many cells text takes on a terminal, a code point at a time. string-width (which the tests compare with) measures whole emoji
 * sequences; it costs 5 MB and 90 ms for the first of them, and terminals disagree on sequences anyway, so `clean` takes the joiners away.
 */

/** First and last code points two cells wide: East Asian Width W and F (Unicode 17), unassigned ones between them included. */
// biome-ignore format: a table
const WIDE: readonly number[] = [
  0x1100, 0x115e, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd, 0x25fe, 0x2614, 0x2615,
  0x2630, 0x2637, 0x2648, 0x2653, 0x267f, 0x267f, 0x268a, 0x268f, 0x2693, 0x2693, 0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be,
  0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa, 0x26fd, 0x26fd,
  0x2705, 0x2705, 0x270a, 0x270b, 0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797,
  0x27b0, 0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55, 0x2e80, 0x3029, 0x302e, 0x303e, 0x3041, 0x3096,
  0x309b, 0x3163, 0x3165, 0x3247, 0x3250, 0xa4c6, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6b,
  0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x16fe3, 0x16ff0, 0x1b2fb, 0x1d300, 0x1d376, 0x1f004, 0x1f004, 0x1f0cf, 0x1f0cf,
  0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f1ae, 0x1f1ae, 0x1f200, 0x1f320, 0x1f32d, 0x1f335, 0x1f337, 0x1f37c, 0x1f37e, 0x1f393,
  0x1f3a0, 0x1f3ca, 0x1f3cf, 0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4, 0x1f3f4, 0x1f3f8, 0x1f43e, 0x1f440, 0x1f440, 0x1f442, 0x1f4fc,
  0x1f4ff, 0x1f53d, 0x1f54b, 0x1f54e, 0x1f550, 0x1f567, 0x1f57a, 0x1f57a, 0x1f595, 0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f,
  0x1f680, 0x1f6c5, 0x1f6cc, 0x1f6cc, 0x1f6d0, 0x1f6d2, 0x1f6d5, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7da, 0x1f7f0,
  0x1f90c, 0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa70, 0x1fafa, 0x20000, 0x3fffd,
];

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;
/** Nothing but letters of Latin, punctuation, box drawing, blocks, shapes and braille: one cell each. Most text, and all of ours. */
const NARROW = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc\u2713\u2717\u2800-\u28ff]*$/;

/** Cells of one code point: 0, 1 or 2. */
export function cellsOf(code: number): 0 | 1 | 2 {
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0xad ? 0 : 1;
  // Vowels and final consonants of Hangul join the syllable before them.
  if ((code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7fb)) return 0;
  if (code >= 0x1100 && isWide(code)) return 2;
  return ZERO.test(String.fromCodePoint(code)) ? 0 : 1;
}

function isWide(code: number): boolean {
  let [low, high] = [0, WIDE.length / 2 - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (code < (WIDE[2 * middle] ?? 0)) high = middle - 1;
    else if (code > (WIDE[2 * middle + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}

/** Cells of a text that `clean` has passed. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellsOf(character.codePointAt(0) ?? 0);
  return width;
}

/** The longest beginning of the text that fits into so many cells, as it is. */
export function cut(text: string, cells: number): string {
  if (text.length <= cells && NARROW.test(text)) return text;
  if (NARROW.test(text)) return text.slice(0, Math.max(0, cells));
  let [width, end] = [0, 0];
  for (const character of text) {
    width += cellsOf(character.codePointAt(0) ?? 0);
    if (width > cells) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The text in at most so many cells; … says that it was cut. */
export function clip(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text;
  return cells <= 1 ? '…'.slice(0, Math.max(0, cells)) : `${cut(text, cells - 1).trimEnd()}…`;
}

/** The text in exactly so many cells: clipped, or filled up at its end, or at its beginning. */
export function sized(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const clipped = clip(text, cells);
  const blank = ' '.repeat(Math.max(0, cells - widthOf(clipped)));
  return align === 'left' ? clipped + blank : blank + clipped;
}

/** The text in lines of at most so many cells, broken between words, and in words that are longer than a line. */
export function wrap(text: string, width: number): string[] {
  const cells = Math.max(2, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`;
    if (widthOf(next) <= cells) {
      line = next;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > cells) {
      const part = cut(line, cells) || line.slice(0, 1);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}
