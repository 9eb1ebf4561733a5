import type { Key } from '../input.js';

/** Final characters of CSI and SS3, after xterm's ctlseqs ("PC-style function keys") and terminfo. */
const FINALS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'begin',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

/** Numbers before `~`. */
const NUMBERS: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};

/** The keypad in application mode (SS3). */
const KEYPAD = '*+,-./0123456789';

/** A key by the control character that it writes: C0 and DEL. */
export function keyOfControl(byte: number): Key {
  switch (byte) {
    case 0x00:
      return { name: 'ctrl- ', text: '' };
    case 0x08:
    case 0x7f:
      return { name: 'backspace', text: '' };
    case 0x09:
      return { name: 'tab', text: '' };
    case 0x0a:
    case 0x0d:
      return { name: 'enter', text: '' };
    case 0x1b:
      return { name: 'escape', text: '' };
    default:
      return { name: `ctrl-${String.fromCharCode(byte + 0x40).toLowerCase()}`, text: '' };
  }
}

/** `ESC [ parameters final`; null: no key that has a name here. */
export function keyOfCsi(parameters: string, final: string): Key | null {
  if (parameters === '[') return named({ A: 'f1', B: 'f2', C: 'f3', D: 'f4', E: 'f5' }[final], 1);
  if (!/^[\d;:]*$/.test(parameters)) return null;
  const [number = '', second, third] = parameters.split(';').map(each => each.split(':')[0] ?? '');
  const modifiers = Number(second || 1);
  if (final === 'Z') return { name: 'shift-tab', text: '' };
  if (final === 'u') return ofCode(Number(number), modifiers);
  // Of another number it is an answer of the terminal, such as that with the cursor's place.
  if (final !== '~') return number === '' || number === '1' ? named(FINALS[final], modifiers) : null;
  // xterm's modifyOtherKeys: 27 ; modifiers ; code ~
  return number === '27' ? ofCode(Number(third), modifiers) : named(NUMBERS[number], modifiers);
}

/** `ESC O final`. */
export function keyOfSs3(final: string): Key | null {
  if (final === 'M') return { name: 'enter', text: '' };
  const character = KEYPAD[final.charCodeAt(0) - 'j'.charCodeAt(0)];
  if (character !== undefined && final >= 'j') return { name: character, text: character };
  return named(FINALS[final], 1);
}

/** A key that says its code point itself (CSI u). */
function ofCode(code: number, modifiers: number): Key | null {
  if (!Number.isInteger(code) || code <= 0 || code > 0x10ffff) return null;
  const plain = code < 0x20 || code === 0x7f ? keyOfControl(code).name : String.fromCodePoint(code);
  const bits = Math.max(0, modifiers - 1);
  if (plain.length > 2) return named(plain, modifiers);
  const shifted = bits & 1 ? plain.toUpperCase() : plain;
  return (bits & 0b110) === 0 ? { name: shifted, text: shifted } : named(plain, modifiers);
}

/** With the modifiers that xterm adds to 1: shift 1, alt 2, ctrl 4. */
function named(name: string | undefined, modifiers: number): Key | null {
  if (name === undefined) return null;
  const bits = Number.isInteger(modifiers) && modifiers > 0 ? modifiers - 1 : 0;
  const before = [bits & 4 ? 'ctrl-' : '', bits & 2 ? 'alt-' : '', bits & 1 ? 'shift-' : ''].join('');
  return { name: before + name, text: '' };
}
