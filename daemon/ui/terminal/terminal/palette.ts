import type { Capabilities, Style } from '../cells.js';

/** SGR parameters of each style; empty: as the terminal writes by itself. */
export type Palette = Readonly<Record<Style, string>>;

/** Without colour: brightness, underline and reverse, which NO_COLOR leaves (no-color.org). */
const NONE: Palette = {
  plain: '',
  dim: '2',
  strong: '1',
  title: '1',
  good: '',
  busy: '4',
  warn: '1',
  bad: '1;7',
  accent: '1',
  used: '',
  granted: '',
  reserve: '2',
  cache: '2',
  selected: '7',
  key: '1',
};

/** The terminal's own 16 colours. Good is cyan, not green, so that red-green colour-blind users tell it from red. */
const SIXTEEN: Palette = {
  ...NONE,
  good: '36',
  busy: '94',
  warn: '33',
  bad: '1;31',
  accent: '1;36',
  used: '36',
  granted: '94',
  reserve: '90',
  cache: '35',
  key: '1;33',
};

/**
 * Near to the colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened or lightened until each has a contrast of 3 : 1 or more to
 * black and to white alike (WCAG 2.1, 1.4.11): the terminal's background is not known.
 */
const INDEXED: Palette = {
  ...NONE,
  /** Bluish green. */
  good: '38;5;30',
  /** Sky blue. */
  busy: '38;5;32',
  /** Orange. */
  warn: '38;5;136',
  /** Vermillion. */
  bad: '1;38;5;166',
  accent: '1;38;5;32',
  used: '38;5;30',
  granted: '38;5;32',
  reserve: '38;5;243',
  /** Reddish purple. */
  cache: '38;5;132',
  dim: '38;5;243',
  key: '1;38;5;136',
};

const PALETTES: Readonly<Record<Capabilities['color'], Palette>> = { none: NONE, 16: SIXTEEN, 256: INDEXED };

export function paletteOf({ color }: Pick<Capabilities, 'color'>): Palette {
  return PALETTES[color];
}
