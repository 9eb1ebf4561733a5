import type { Capabilities } from '../cells.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Terminals with 256 colours whose TERM does not end in -256color. */
const RICH = /256|kitty|ghostty|alacritty|foot|wezterm|iterm|contour|rio/;
/** With 16: names that stand for whole families. The Linux console shows 8 and their bright twins. */
const COLOURED = /^(linux|xterm|screen|tmux|rxvt|konsole|vte|gnome|cygwin|ansi|putty|st|eterm)|color/i;

/**
 * What the terminal can show, by the conventions of the environment: NO_COLOR (no-color.org), FORCE_COLOR, COLORTERM, TERM, WT_SESSION, and the
 * locale. `ascii`: asked for by the user.
 */
export function capabilitiesOf(env: Environment, { ascii }: { readonly ascii: boolean }): Capabilities {
  return { color: colorOf(env), ascii: ascii || !isUtf8(env) || env['TERM'] === 'linux' };
}

/** Whether a cursor can be moved at all. */
export function canDraw(env: Environment): boolean {
  return env['TERM'] !== 'dumb' && env['TERM'] !== undefined && env['TERM'] !== '';
}

function colorOf(env: Environment): Capabilities['color'] {
  if (env['NO_COLOR']) return 'none';
  const forced = env['FORCE_COLOR'];
  if (forced === '0' || forced === 'false') return 'none';
  if (forced === '2' || forced === '3') return '256';
  const term = env['TERM'] ?? '';
  if (/^(truecolor|24bit)$/.test(env['COLORTERM'] ?? '') || env['WT_SESSION'] || RICH.test(term)) return '256';
  return forced || COLOURED.test(term) ? '16' : 'none';
}

/** As setlocale(3) looks for it; without any it is C. */
function isUtf8(env: Environment): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}
