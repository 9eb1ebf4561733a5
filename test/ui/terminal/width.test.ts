import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../../daemon/ui/terminal/text/clean.js';
import { cellsOf, clip, cut, sized, widthOf, wrap } from '../../../daemon/ui/terminal/text/width.js';
import { byGear, rounds, SEED } from '../../support/deep.js';

/** What terminals show otherwise than string-width says of a letter alone: Hangul that joins what is before it. */
const isJoining = (code: number) => (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7fb);

describe('widths', () => {
  // In a fast run every seventh, from one that the seed says.
  const step = byGear({ deep: 1, usual: 1, fast: 7 });
  it('are those of string-width for every letter that may be shown', () => {
    const others: string[] = [];
    for (let code = 0x20 + (SEED % step); code <= 0x1ffff; code += step) {
      const text = String.fromCodePoint(code);
      if (cleanText(text) !== text || isJoining(code)) continue;
      if (/\p{Cn}|\p{Co}/u.test(text)) continue;
      // A spacing mark has a cell; string-width gives it to the letter before it.
      if (/\p{Mc}/u.test(text)) continue;
      if (cellsOf(code) !== stringWidth(text)) others.push(`${code.toString(16)} ${cellsOf(code)} ${stringWidth(text)}`);
    }
    expect(others).toEqual([]);
  }, 60_000);

  it('of texts are those of string-width', () => {
    const words = ['postgres', 'größe', '日本語', 'データベース', 'смак', '▁▂▃█▒░│', '⣿⠁', 'e\u0301', '🚀', '▸ ● ‖', '한국어'];
    for (const word of words) expect([word, widthOf(cleanText(word))]).toEqual([word, stringWidth(word)]);
  });

  it('are kept by what cuts and fills', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', ' ', 'ü', '日', '🚀', '\u0301', '█', '-') });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, cells) => {
        expect(widthOf(cut(text, cells))).toBeLessThanOrEqual(cells);
        expect(widthOf(clip(text, cells))).toBeLessThanOrEqual(cells);
        expect(widthOf(sized(text, cells))).toBe(cells);
        const lines = wrap(text, cells);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(cells);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('text from outside', () => {
  it.each([
    ['colours', '\u001b[1;32mready\u001b[0m', 'ready'],
    ['a cursor that moves', 'a\u001b[2Jb\u001b[10;10Hc', 'abc'],
    ['a title and a link', '\u001b]0;owned\u0007x\u001b]8;;http://evil\u001b\\y', 'xy'],
    ['a string that does not end', 'a\u001bPq#0;2;0', 'a'],
    ['C1 controls', 'a\u009b31mb\u0085c', 'abc'],
    ['bells and backspaces', 'a\u0007\u0008b\u007f', 'ab'],
    ['progress that is written over', '10 %\r50 %\r100 %\r\n', '100 %'],
    ['tabs', 'a\tb', 'a       b'],
    ['lines', 'a\nb', 'a b'],
    ['the direction of text', 'user\u202etxt.exe', 'usertxt.exe'],
    ['what joins emoji', '👩\u200d💻 👍🏽 ✔\ufe0f', '👩💻 👍 ✔'],
    ['half of a surrogate pair', 'a\ud83db', 'ab'],
  ])('loses %s', (_, text, expected) => expect(cleanText(text)).toBe(expected));

  it('never steers the terminal', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('\u001b', '[', ']', '\u009b', '\u009d', '\u0007', 'm', '1', ';', 'P', '\\', '\n', '\r', '\u202e', 'x'),
    });
    fc.assert(
      fc.property(nasty, text => !/[\p{Cc}\u202e]/u.test(cleanText(text))),
      { numRuns: rounds(2_000) },
    );
  });
});
