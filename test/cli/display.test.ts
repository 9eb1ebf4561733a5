import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayFor, LiveDisplay, redraw } from '../../daemon/cli/display.js';
import { printable } from '../../daemon/ui/shared/own.js';
import { EMPTY_PLAN, MB, notice } from '../server/harness.js';
import { capture, testCli } from './harness.js';

const ESC = String.fromCharCode(27);
const TOKEN = new RegExp(`${ESC}\\[\\d*[A-Z]|[^]`, 'g');
const COMMAND = new RegExp(`^${ESC}\\[(\\d*)([A-Z])$`);

/** As much of a terminal as the display uses: text, new lines, return, up, down, erase line. Unlimited height. */
class Screen {
  readonly lines: string[] = [''];
  row = 0;
  column = 0;
  write(text: string): void {
    for (const [token] of text.matchAll(TOKEN)) this.#take(token);
  }
  #take(token: string): void {
    const command = COMMAND.exec(token);
    if (command) {
      const count = Number(command[1]);
      if (command[2] === 'A') this.row = Math.max(0, this.row - count);
      else if (command[2] === 'B') this.row = Math.min(this.lines.length - 1, this.row + count);
      else if (command[2] === 'K' && count === 2) this.lines[this.row] = '';
      else throw new Error(`unknown sequence ${JSON.stringify(token)}`);
    } else if (token === '\n') {
      this.row++;
      this.column = 0;
      if (this.row === this.lines.length) this.lines.push('');
    } else if (token === '\r') this.column = 0;
    else {
      const line = (this.lines[this.row] ?? '').padEnd(this.column);
      this.lines[this.row] = line.slice(0, this.column) + token + line.slice(this.column + 1);
      this.column++;
    }
  }
}

describe('redraw', () => {
  const line = fc.stringMatching(/^[a-c]{1,4}$/);
  it('takes the screen from any lines to any others, with the cursor below them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(line, { maxLength: 6 }), { maxLength: 6 }), frames => {
        const screen = new Screen();
        screen.write('$ up\n');
        let before: string[] = [];
        for (const after of frames) {
          screen.write(printable(redraw(before, after)));
          expect(screen.lines.slice(1, 1 + after.length)).toEqual(after);
          expect(screen.lines.slice(1 + after.length).join('')).toBe('');
          expect([screen.row, screen.column]).toEqual([1 + after.length, 0]);
          before = after;
        }
      }),
    );
  });
  it('says nothing when nothing changed, and only the line that did', () => {
    expect(redraw(['a', 'b'], ['a', 'b'])).toBe('');
    const lines = printable(redraw(['a', 'b', 'c'], ['a', 'x', 'c']));
    expect(lines).toContain('x');
    expect(lines).not.toMatch(/[abc]/);
  });
});

describe('the display', () => {
  const plan = { ...EMPTY_PLAN, starts: [{ id: 'shop/api' as const, grant: 64 * MB, standard: 64 * MB, recreate: false }] };
  it('leaves the last state on the screen and nothing running', () => {
    const out = capture(true);
    const display = new LiveDisplay(out, () => 1_700_000_001_000);
    display.begin(plan, 'up', 'shop');
    display.notice(notice(0, 'api', 'ready'));
    display.end();
    const screen = new Screen();
    screen.write(out.text());
    expect(screen.lines).toEqual([expect.stringMatching(/^✓ api {2}ready .* 64 MB$/), '']);
  });
  it('is plain lines without a terminal and in CI, and nothing with --quiet', () => {
    const shown = (options: object, parts: object) => {
      const { cli, err } = testCli('/x', options, parts);
      const display = displayFor(cli);
      display.begin(plan, 'up', 'shop');
      display.notice(notice(0, 'api', 'ready', 'is ready'));
      display.end();
      return err.text();
    };
    expect(shown({}, {})).toBe('api: is ready\n');
    const terminal = capture(true);
    shown({}, { err: terminal, env: { CI: 'true' } });
    expect(terminal.text()).toBe('api: is ready\n');
    expect(shown({ quiet: true }, {})).toBe('');
  });
});
