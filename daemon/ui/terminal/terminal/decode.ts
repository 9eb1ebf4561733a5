import type { Input, Key } from '../input.js';
import { keyOfControl, keyOfCsi, keyOfSs3 } from './sequences.js';

/** What a person did at the terminal. */
export type Typed = Extract<Input, { kind: 'key' | 'mouse' }>;

/** What is left of the input for the next chunk. */
export interface Pending {
  readonly bytes: Uint8Array;
  /** Text of a bracketed paste that has not ended; null: none is under way. */
  readonly pasted: string | null;
}

export interface Decoded {
  readonly typed: readonly Typed[];
  readonly pending: Pending;
}

export const NOTHING: Pending = { bytes: new Uint8Array(), pasted: null };

const ESC = 0x1b;
/** Longest sequence that is waited for, in bytes: what is longer is noise and is thrown away. */
const LONGEST = 256;
/** Of a paste so much is kept, in characters: what a filter or a search can use. */
const LONGEST_PASTE = 1_024;
const PASTE_END = '\u001b[201~';

/**
 * Keys and mouse from the bytes of a terminal, which come in chunks of any size: what is incomplete is pending. A lone ESC is pending too;
 * `settle` says what it was when nothing follows. Sequences after ECMA-48 and xterm's ctlseqs; the mouse in SGR form (1006).
 */
export function decode(before: Pending, chunk: Uint8Array): Decoded {
  let bytes = before.bytes.length === 0 ? chunk : joined(before.bytes, chunk);
  let pasted = before.pasted;
  const typed: Typed[] = [];
  while (bytes.length > 0) {
    const next: Step | null = pasted === null ? step(bytes) : paste(bytes, pasted);
    if (next === null) break;
    if (next.typed) typed.push(next.typed);
    if (next.pasted !== undefined) pasted = next.pasted;
    bytes = bytes.subarray(next.length);
  }
  // A copy: the chunk is the stream's own memory.
  return { typed, pending: { bytes: bytes.slice(), pasted } };
}

/** Nothing has followed for a while: ESC was the key, ESC with a character that character with alt, the rest is noise. */
export function settle({ bytes, pasted }: Pending): Decoded {
  if (pasted !== null) return { typed: [], pending: { bytes, pasted } };
  const typed: Typed[] = [];
  if (bytes[0] === ESC && bytes.length === 1) typed.push(key({ name: 'escape', text: '' }));
  else if (bytes[0] === ESC && bytes.length === 2 && (bytes[1] ?? 0) < 0x7f)
    typed.push(key({ name: `alt-${String.fromCharCode(bytes[1] ?? 0)}`, text: '' }));
  return { typed, pending: NOTHING };
}

interface Step {
  /** Bytes that are done with. */
  readonly length: number;
  readonly typed?: Typed | null;
  readonly pasted?: string | null;
}

/** Null when more bytes are needed. */
function step(bytes: Uint8Array): Step | null {
  const first = bytes[0] ?? 0;
  if (first === ESC) return afterEscape(bytes);
  if (first < 0x20 || first === 0x7f) return { length: 1, typed: key(keyOfControl(first)) };
  return character(bytes, 0);
}

function afterEscape(bytes: Uint8Array): Step | null {
  const second = bytes[1];
  if (second === undefined) return null;
  switch (second) {
    case ESC:
      return { length: 1, typed: key({ name: 'escape', text: '' }) };
    case 0x5b: // [
      return bounded(bytes, csi(bytes));
    case 0x4f: // O
      return bytes.length < 3 ? null : { length: 3, typed: maybeKey(keyOfSs3(String.fromCharCode(bytes[2] ?? 0))) };
    case 0x50: // P, ], ^, _: a string that the terminal answers with
    case 0x5d:
    case 0x5e:
    case 0x5f:
      return bounded(bytes, controlString(bytes));
    default: {
      if (second < 0x20 || second === 0x7f) return { length: 2, typed: key(withAlt(keyOfControl(second))) };
      const plain = character(bytes, 1);
      return plain && { length: plain.length + 1, typed: plain.typed?.kind === 'key' ? key(withAlt(plain.typed.key)) : null };
    }
  }
}

/** `ESC [ parameters intermediates final`. */
function csi(bytes: Uint8Array): Step | null {
  // The Linux console's function keys: ESC [ [ A.
  if (bytes[2] === 0x5b) return bytes.length < 4 ? null : { length: 4, typed: maybeKey(keyOfCsi('[', String.fromCharCode(bytes[3] ?? 0))) };
  let at = 2;
  while (at < bytes.length && (bytes[at] ?? 0) >= 0x20 && (bytes[at] ?? 0) <= 0x3f) at++;
  const final = bytes[at];
  if (final === undefined) return null;
  // Something else began in the middle: what there was is thrown away.
  if (final < 0x40 || final > 0x7e) return { length: at };
  const parameters = String.fromCharCode(...bytes.subarray(2, at));
  const name = String.fromCharCode(final);
  const length = at + 1;
  if (name === '~' && parameters === '200') return { length, pasted: '' };
  if (parameters.startsWith('<')) return { length, typed: mouse(parameters, name) };
  // The mouse in its old form: three bytes follow, which are no keys.
  if (name === 'M' && parameters === '') return bytes.length < length + 3 ? null : { length: length + 3 };
  return { length, typed: maybeKey(keyOfCsi(parameters, name)) };
}

/** Up to BEL or ESC \. */
function controlString(bytes: Uint8Array): Step | null {
  for (let at = 2; at < bytes.length; at++) {
    if (bytes[at] === 0x07) return { length: at + 1 };
    if (bytes[at] === ESC && at + 1 < bytes.length) return { length: bytes[at + 1] === 0x5c ? at + 2 : at };
  }
  return null;
}

function bounded(bytes: Uint8Array, found: Step | null): Step | null {
  return (found?.length ?? bytes.length) > LONGEST ? { length: LONGEST } : found;
}

/** `<button;column;row` and M (pressed) or m (let go). Movements and other buttons are nothing. */
function mouse(parameters: string, final: string): Typed | null {
  const [button = Number.NaN, column = 0, row = 0] = parameters.slice(1).split(';').map(Number);
  // 4, 8 and 16 are shift, alt and ctrl.
  const what = ({ 0: 'press', 64: 'wheel-up', 65: 'wheel-down' } as const)[button & ~0b11100];
  if (what === undefined || final !== 'M' || column < 1 || row < 1) return null;
  return { kind: 'mouse', what, column: column - 1, row: row - 1 };
}

/** One character of UTF-8; bytes that are none are passed over. */
function character(bytes: Uint8Array, from: number): Step | null {
  const size = sizeOf(bytes[from] ?? 0);
  for (let at = from + 1; at < from + size; at++) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    if ((byte & 0xc0) !== 0x80) return { length: at - from };
  }
  if (size === 0) return { length: 1 };
  const text = new TextDecoder().decode(bytes.subarray(from, from + size));
  const isBroken = text.length === 0 || text.includes('\ufffd') || /\p{Cc}/u.test(text);
  return { length: size, typed: isBroken ? null : key({ name: text, text }) };
}

/** Bytes of the character that begins so; 0: none does. */
function sizeOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/** A paste is one key named `paste`, whose text a line of input can take: none of it is a command. */
function paste(bytes: Uint8Array, before: string): Step | null {
  const end = bytes.indexOf(ESC);
  if (end > 0) return { length: end, pasted: kept(before, bytes.subarray(0, end)) };
  if (end < 0) {
    const whole = wholeCharacters(bytes);
    return whole === 0 ? null : { length: whole, pasted: kept(before, bytes.subarray(0, whole)) };
  }
  const begin = String.fromCharCode(...bytes.subarray(0, PASTE_END.length));
  if (begin === PASTE_END) return { length: PASTE_END.length, pasted: null, typed: key({ name: 'paste', text: before }) };
  return PASTE_END.startsWith(begin) ? null : { length: 1 };
}

function kept(before: string, more: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(more);
  return (before + text.replaceAll(/\s/g, ' ').replaceAll(/[\p{Cc}\ufffd]/gu, '')).slice(0, LONGEST_PASTE);
}

/** How many bytes there are without a character that has only begun. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return sizeOf(byte) > back ? bytes.length - back : bytes.length;
    if (byte < 0x80) break;
  }
  return bytes.length;
}

function withAlt({ name }: Key): Key {
  return { name: `alt-${name}`, text: '' };
}

function key(value: Key): Typed {
  return { kind: 'key', key: value };
}

function maybeKey(value: Key | null): Typed | null {
  return value && key(value);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
