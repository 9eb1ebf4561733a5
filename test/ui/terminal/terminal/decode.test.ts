import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, NOTHING, type Pending, settle, type Typed } from '../../../../daemon/ui/terminal/terminal/decode.js';
import { anyCharacter } from '../../../support/any-character.js';
import { rounds } from '../../../support/deep.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** `name` of keys, `name:text` where the text is another; the mouse as `what column,row`. */
function words(typed: readonly Typed[]): string[] {
  return typed.map(each => {
    if (each.kind === 'mouse') return `${each.what} ${each.column},${each.row}`;
    const { name, text } = each.key;
    return text === '' || text === name ? name : `${name}:${text}`;
  });
}

/** Everything in these chunks, and what was left when nothing followed. */
function decoded(...chunks: readonly Uint8Array[]): string[] {
  let pending: Pending = NOTHING;
  const all: Typed[] = [];
  for (const chunk of chunks) {
    const step = decode(pending, chunk);
    all.push(...step.typed);
    pending = step.pending;
  }
  return words([...all, ...settle(pending).typed]);
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['characters', 'aA/ ?', ['a', 'A', '/', ' ', '?']],
  ['UTF-8 of two, three and four bytes', 'é€😀', ['é', '€', '😀']],
  [
    'control characters',
    '\r\n\t\u007f\b\u0003\u001a\u0000',
    ['enter', 'enter', 'tab', 'backspace', 'backspace', 'ctrl-c', 'ctrl-z', 'ctrl- '],
  ],
  ['a lone ESC', '\u001b', ['escape']],
  ['two', '\u001b\u001b', ['escape', 'escape']],
  ['arrows as CSI', '\u001b[A\u001b[B\u001b[C\u001b[D', ['up', 'down', 'right', 'left']],
  ['arrows as SS3', '\u001bOA\u001bOB\u001bOC\u001bOD', ['up', 'down', 'right', 'left']],
  ['arrows with modifiers', '\u001b[1;2A\u001b[1;3B\u001b[1;5C\u001b[1;6D', ['shift-up', 'alt-down', 'ctrl-right', 'ctrl-shift-left']],
  [
    'home and end in their forms',
    '\u001b[H\u001b[F\u001bOH\u001bOF\u001b[1~\u001b[4~\u001b[7~\u001b[8~',
    ['home', 'end', 'home', 'end', 'home', 'end', 'home', 'end'],
  ],
  [
    'the block above the arrows',
    '\u001b[2~\u001b[3~\u001b[5~\u001b[6~\u001b[5;5~',
    ['insert', 'delete', 'pageup', 'pagedown', 'ctrl-pageup'],
  ],
  ['function keys of xterm, VT and the Linux console', '\u001bOP\u001b[15~\u001b[24~\u001b[[A', ['f1', 'f5', 'f12', 'f1']],
  ['shift and tab', '\u001b[Z', ['shift-tab']],
  ['alt', '\u001bx\u001bé\u001b\u007f\u001b\r', ['alt-x', 'alt-é', 'alt-backspace', 'alt-enter']],
  ['alt and a bracket', '\u001b[', ['alt-[']],
  ['the keypad', '\u001bOM\u001bOp\u001bOk', ['enter', '0', '+']],
  [
    'keys that say their code point',
    '\u001b[97u\u001b[97;5u\u001b[27u\u001b[27;5;99~\u001b[97;2u',
    ['a', 'ctrl-a', 'escape', 'ctrl-c', 'A'],
  ],
  [
    'presses and the wheel',
    '\u001b[<0;1;1M\u001b[<0;1;1m\u001b[<64;80;24M\u001b[<65;5;6M',
    ['press 0,0', 'wheel-up 79,23', 'wheel-down 4,5'],
  ],
  ['a press with shift', '\u001b[<4;3;2M', ['press 2,1']],
  ['other buttons and movements as nothing', '\u001b[<2;1;1M\u001b[<35;1;1Mq', ['q']],
  ['the mouse in its old form as nothing', '\u001b[M abq', ['q']],
  ['what a terminal answers as nothing', '\u001b[?62;4c\u001b[24;80R\u001b]11;rgb:0/0/0\u0007\u001bP1$r0m\u001b\\q', ['q']],
  ['what it does not know as nothing', '\u001b[99~\u001b[1;2x\u001b[Iq', ['q']],
  ['a sequence that another breaks off', '\u001b[1;\u001b[A', ['up']],
  ['a paste as one key', '\u001b[200~stop x\r\nü\u001b[201~q', ['paste:stop x  ü', 'q']],
  ['a paste with ESC in it', '\u001b[200~a\u001b[Ab\u001b[201~', ['paste:a[Ab']],
  ['an empty paste', '\u001b[200~\u001b[201~', ['paste']],
];

describe('decode', () => {
  it.each(CASES)('knows %s', (_, text, expected) => {
    expect(decoded(bytesOf(text))).toEqual(expected);
  });

  it.each(CASES)('knows %s byte by byte', (_, text, expected) => {
    expect(decoded(...[...bytesOf(text)].map(byte => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('passes over bytes that are no UTF-8', () => {
    expect(decoded(Uint8Array.of(0x80, 0xff, 0xc0, 0xe2, 0x82, 0x61, 0xf0, 0x9f, 0x62, 0xed, 0xa0, 0x80, 0x63))).toEqual(['a', 'b', 'c']);
  });

  it('says the same however the bytes come', () => {
    const pieces = fc.oneof(
      fc.constantFrom(...CASES.map(([, text]) => text)),
      fc.string({ unit: anyCharacter, maxLength: 5 }),
      fc.constantFrom('\u001b', '[', '\u001b[200~', '\u001b[201~', '\u001b]', '\u001b[<', 'é'),
    );
    const input = fc.oneof(
      fc.array(pieces, { maxLength: 8 }).map(parts => bytesOf(parts.join(''))),
      fc.uint8Array({ maxLength: 24 }),
    );
    const property = fc.property(input, fc.array(fc.nat(), { maxLength: 6 }), (bytes, cuts) => {
      const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
      const chunks = [...ends, bytes.length].map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
      const whole = decoded(bytes);
      expect(decoded(...chunks)).toEqual(whole);
      expect(decoded(...[...bytes].map(byte => Uint8Array.of(byte)))).toEqual(whole);
    });
    fc.assert(property, { numRuns: rounds(2_000) });
  });

  it('does not wait for the end of noise', () => {
    expect(decoded(bytesOf(`\u001b]${'x'.repeat(254)}q`))).toEqual(['q']);
    expect(decoded(bytesOf(`\u001b[${'1'.repeat(254)}q`))).toEqual(['q']);
  });

  it('keeps the beginning of a very long paste', () => {
    const [typed] = decode(NOTHING, bytesOf(`\u001b[200~${'y'.repeat(100_000)}\u001b[201~`)).typed;
    expect(typed).toMatchObject({ key: { name: 'paste', text: 'y'.repeat(1_024) } });
  });
});
