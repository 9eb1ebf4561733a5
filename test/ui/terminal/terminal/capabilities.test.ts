import { describe, expect, it } from 'vitest';
import { canDraw, capabilitiesOf } from '../../../../daemon/ui/terminal/terminal/capabilities.js';

const UTF8 = { LANG: 'de_DE.UTF-8' };
const color = (env: Record<string, string>) => capabilitiesOf({ ...UTF8, ...env }, { ascii: false }).color;
const isAscii = (env: Record<string, string>, ascii = false) => capabilitiesOf(env, { ascii }).ascii;

describe('capabilities', () => {
  it.each([
    [{ TERM: 'xterm-256color' }, '256'],
    [{ TERM: 'tmux-256color' }, '256'],
    [{ TERM: 'screen' }, '16'],
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'xterm', COLORTERM: 'truecolor' }, '256'],
    [{ TERM: 'xterm-kitty' }, '256'],
    [{ TERM: 'xterm', WT_SESSION: 'b4f1' }, '256'],
    [{ TERM: 'linux' }, '16'],
    [{ TERM: 'vt100' }, 'none'],
    [{ TERM: 'vt100', FORCE_COLOR: '1' }, '16'],
    [{ TERM: 'vt100', FORCE_COLOR: '3' }, '256'],
    [{ TERM: 'xterm-256color', FORCE_COLOR: '0' }, 'none'],
    [{ TERM: 'xterm-256color', FORCE_COLOR: '1', NO_COLOR: '1' }, 'none'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: 'yes' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
  ])('of %o: %s colours', (env: Record<string, string>, expected) => {
    expect(color(env)).toBe(expected);
  });

  it.each([
    [{ LANG: 'C.UTF-8' }, false],
    [{ LANG: 'en_US.utf8' }, false],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, true],
    [{ LC_CTYPE: 'UTF-8', LANG: 'C' }, false],
    [{ LANG: 'de_DE.ISO-8859-1' }, true],
    [{}, true],
    [{ LANG: 'C.UTF-8', TERM: 'linux' }, true],
  ])('of %o: ASCII only is %s', (env: Record<string, string>, expected) => {
    expect(isAscii(env)).toBe(expected);
  });

  it('ASCII only where it is asked for', () => {
    expect(isAscii(UTF8, true)).toBe(true);
  });

  it('cannot draw on a dumb terminal', () => {
    expect([canDraw({ TERM: 'dumb' }), canDraw({}), canDraw({ TERM: 'xterm' })]).toEqual([false, false, true]);
  });
});
