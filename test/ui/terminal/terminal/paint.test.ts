import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row, Style } from '../../../../daemon/ui/terminal/cells.js';
import { type Painted, paint } from '../../../../daemon/ui/terminal/terminal/paint.js';
import { paletteOf } from '../../../../daemon/ui/terminal/terminal/palette.js';
import { runs } from '../../../support/deep.js';
import { screenOf } from './support/screen.js';

const PALETTE = paletteOf({ color: '256' });
const SIZE = { columns: 20, rows: 5 };
const row = (text: string, style: Style = 'plain'): Row => [{ text, style }];
const painted = (before: Painted, rows: readonly Row[], size = SIZE) => paint(before, rows, size, PALETTE);

describe('paint', () => {
  it('writes one frame, synchronised, and nothing where nothing changed', () => {
    const first = painted(null, [row('one'), row('two', 'bad')]);
    expect(first.text.startsWith('\u001b[?2026h')).toBe(true);
    expect(first.text.endsWith('\u001b[?2026l')).toBe(true);
    expect(painted(first.painted, [row('one'), row('two', 'bad')]).text).toBe('');
  });

  it('writes only what changed of a line', () => {
    const { painted: before } = painted(null, [row('memory 100 MB'), row('same')]);
    expect(painted(before, [row('memory 180 MB'), row('same')]).text).toBe('\u001b[?2026h\u001b[1;9H8\u001b[?2026l');
    expect(painted(before, [row('memory'), row('same')]).text).toBe('\u001b[?2026h\u001b[1;7H\u001b[K\u001b[?2026l');
    expect(painted(before, [row('memory 100 MB', 'dim'), row('same')]).text).toContain('memory 100 MB');
  });

  it('takes spans that look alike for the same', () => {
    const { painted: before } = painted(null, [row('ab')]);
    expect(painted(before, [[...row('a'), ...row('b')]]).text).toBe('');
  });

  it('leaves the last row alone, clears nothing that scrolled back, and cuts what is too wide', async () => {
    const screen = screenOf(SIZE.columns, SIZE.rows);
    await screen.write('above\r\n'.repeat(10));
    const before = screen.scrolledBack();
    const rows = Array.from({ length: 9 }, (_, at) => row(`${at}`.repeat(30)));
    const { text } = painted(null, rows);
    await screen.write(`\u001b[?7l${text}`);
    expect(screen.rows()).toEqual(['0', '1', '2', '3'].map(digit => digit.repeat(20)).concat(''));
    expect(screen.scrolledBack()).toBe(before);
    for (const clears of ['\u001b[2J', '\u001b[3J', '\u001bc']) expect(text).not.toContain(clears);
  });

  it('lets nothing through that steers a terminal', () => {
    const { text } = painted(null, [row('a\u001b[2Jb\u0007\r\n\u009bc\u202ed\u2028e')]);
    expect(text).toContain('\u001b[1;1H\u001b[2Ka[2Jbcde\u001b[2;1H');
  });

  it('brings any screen to any other', async () => {
    const styles: Style[] = ['plain', 'dim', 'bad', 'selected'];
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '█', '⣿', '─', '日', '😀', 'é', 'e\u0301'), maxLength: 12 });
    const span = fc.record({ text, style: fc.constantFrom(...styles) });
    const frame = fc.array(fc.array(span, { maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 4 }), async frames => {
        const [step, whole] = [screenOf(SIZE.columns, SIZE.rows), screenOf(SIZE.columns, SIZE.rows)];
        await step.write('\u001b[?7l');
        let before: Painted = null;
        for (const rows of frames) {
          const next = painted(before, rows);
          before = next.painted;
          await step.write(next.text);
        }
        await whole.write(`\u001b[?7l${painted(null, frames.at(-1) ?? []).text}`);
        for (let at = 0; at < SIZE.rows; at++) expect(step.cells(at)).toEqual(whole.cells(at));
      }),
      { numRuns: runs(300) },
    );
  });
});
