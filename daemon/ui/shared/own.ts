import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { oneLine, shown } from '../../shared/printable.js';

/**
 * Text that may be written to a terminal as it is. Every string is foreign until `printable` has made one of these of it; the
 * streams of this process take nothing else.
 */
declare const PRINTABLE: unique symbol;
export type Printable = string & { readonly [PRINTABLE]: true };

/** Code points that Unicode keeps for use inside a process, and a random word that no other process can know. */
const [BEGIN, END] = ['\ufdd0', '\ufdd1'];
const WORD = randomBytes(9).toString('base64url');
const OWN = new RegExp(`${BEGIN}${WORD}([^${BEGIN}${END}]{1,200})${END}`, 'g');

/**
 * A sequence of our own for the terminal — a colour, a move of the cursor — as it is carried inside text until that is written. Only
 * literals: it passes as it is.
 */
export function own(sequence: string): string {
  return sequence === '' ? '' : `${BEGIN}${WORD}${sequence}${END}`;
}

/** The gate: our own sequences pass, everything else that a terminal would obey is shown instead. */
export function printable(text: string): Printable {
  return mapped(text, shown, (_mark, sequence) => sequence) as Printable;
}

/** The text in one line, cleaned, its colours of our own still in it: for a cell, a name, a notice. */
export function flat(text: string): string {
  return mapped(text, oneLine, mark => mark);
}

function mapped(text: string, foreign: (text: string) => string, ours: (mark: string, sequence: string) => string): string {
  if (!text.includes(BEGIN)) return foreign(text);
  let out = '';
  let from = 0;
  for (const match of text.matchAll(OWN)) {
    const between = text.slice(from, match.index);
    out += (between === '' ? '' : foreign(between)) + ours(match[0], match[1] ?? '');
    from = match.index + match[0].length;
  }
  return out + foreign(text.slice(from));
}

/** The text without colours, ours included: what is counted, cut and measured. */
export function bare(text: string): string {
  return stripVTControlCharacters(text.replace(OWN, ''));
}
