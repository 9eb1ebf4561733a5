import { describe, expect, it } from 'vitest';
import { type Palette, paletteOf } from '../../../../daemon/ui/terminal/terminal/palette.js';

/** sRGB of a colour of the 256: 16 of the terminal's own, a cube, greys. */
function rgb(index: number): readonly [number, number, number] {
  if (index >= 232) return [8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10];
  const level = (digit: number) => (digit === 0 ? 0 : 55 + digit * 40);
  const at = index - 16;
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)];
}

function linear([red, green, blue]: readonly [number, number, number]): [number, number, number] {
  const one = (value: number) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return [one(red), one(green), one(blue)];
}

/** Relative luminance (WCAG 2.1). */
function luminance(index: number): number {
  const [red, green, blue] = linear(rgb(index));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** What a person without the long or the middle cones sees of it (Viénot, Brettel and Mollon 1999), linear. */
function seen(index: number, blindness: 'protan' | 'deutan'): readonly number[] {
  const [r, g, b] = linear(rgb(index));
  return blindness === 'protan'
    ? [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b]
    : [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b];
}

const indexOf = (sgr: string) => Number(/38;5;(\d+)/.exec(sgr)?.[1] ?? Number.NaN);
const INDEXED = paletteOf({ color: '256' });
const coloured = (Object.keys(INDEXED) as (keyof Palette)[]).filter(style => !Number.isNaN(indexOf(INDEXED[style])));

describe('palettes', () => {
  it.each(coloured)('%s can be read on black and on white', style => {
    const light = luminance(indexOf(INDEXED[style]));
    expect((light + 0.05) / 0.05).toBeGreaterThanOrEqual(3);
    expect(1.05 / (light + 0.05)).toBeGreaterThanOrEqual(3);
  });

  it.each(['protan', 'deutan'] as const)('good, busy, warn and bad differ without the cones of %s, or by weight', blindness => {
    const states = ['good', 'busy', 'warn', 'bad'] as const;
    for (const one of states)
      for (const other of states) {
        if (one >= other) continue;
        const [a, b] = [seen(indexOf(INDEXED[one]), blindness), seen(indexOf(INDEXED[other]), blindness)];
        const distance = Math.hypot(...a.map((value, at) => value - (b[at] ?? 0)));
        const sameWeight = INDEXED[one].startsWith('1;') === INDEXED[other].startsWith('1;');
        expect([one, other, !sameWeight || distance > 0.1]).toEqual([one, other, true]);
      }
  });

  it('without colour have brightness, underline and reverse only', () => {
    const used = Object.values(paletteOf({ color: 'none' })).flatMap(sgr => sgr.split(';'));
    expect(used.filter(part => !['', '1', '2', '4', '7'].includes(part))).toEqual([]);
    expect(paletteOf({ color: 'none' }).selected).toBe('7');
  });

  it('tell good from bad, and the selected row, at every number of colours', () => {
    for (const color of ['none', '16', '256'] as const) {
      const { good, bad, selected, plain } = paletteOf({ color });
      expect(new Set([good, bad]).size).toBe(2);
      expect(selected).not.toBe(plain);
    }
  });
});
