import type { Capabilities, Row, Size } from '../../../daemon/ui/terminal/cells.js';
import type { Effect, Input } from '../../../daemon/ui/terminal/input.js';
import { machine } from '../../../daemon/ui/terminal/machine.js';
import type { DashboardState } from '../../../daemon/ui/terminal/state.js';
import { NOW, snapshot } from './sample-screens.js';

const FULL: Capabilities = { color: '256', ascii: false };
export const ASCII: Capabilities = { color: 'none', ascii: true };

/** Keys as a person types them: names between blanks, `'text'` letter by letter. */
export function keys(text: string): Input[] {
  return (text.match(/'[^']*'|\S+/g) ?? []).flatMap(word => {
    const typed = /^'(.*)'$/.exec(word)?.[1];
    if (typed !== undefined) return [...typed].map(each => letter(each));
    return [word === 'space' ? letter(' ') : word.length === 1 ? letter(word) : key(word)];
  });
}

export const key = (name: string): Input => ({ kind: 'key', key: { name, text: '' } });
export const letter = (text: string): Input => ({ kind: 'key', key: { name: text, text } });

/** A session with the dashboard: what was done, what it asked for, what is seen. */
export class Player {
  dash: DashboardState;
  /** Since they were last looked at. */
  #effects: Effect[] = [];

  constructor(size: Size = { columns: 80, rows: 24 }, first: readonly Input[] = [{ kind: 'frame', frame: snapshot() }]) {
    this.dash = machine.begin(size, NOW);
    this.do(...first);
  }

  do(...inputs: readonly Input[]): this {
    for (const input of inputs) {
      const { dash, effects } = machine.update(this.dash, input);
      this.dash = dash;
      this.#effects.push(...effects);
    }
    return this;
  }

  type(text: string): this {
    return this.do(...keys(text));
  }

  /** So many seconds later. */
  later(seconds: number): this {
    return this.do({ kind: 'tick', now: this.dash.now + seconds * 1000 });
  }

  effects(): readonly Effect[] {
    return this.#effects.splice(0);
  }

  rows(capabilities: Capabilities = FULL): readonly Row[] {
    return machine.view(this.dash, capabilities);
  }

  /** What is seen, a line a row, without the blanks at their ends. */
  screen(capabilities: Capabilities = FULL): string {
    return textOf(this.rows(capabilities));
  }

  /** The lines that have this in them. */
  lines(text: string): string[] {
    return this.screen()
      .split('\n')
      .filter(line => line.includes(text));
  }
}

export function textOf(rows: readonly Row[]): string {
  const lines = rows.map(row => row.map(({ text }) => text).join('').trimEnd()); // biome-ignore format: one line a row
  return `\n${lines.join('\n')}\n`;
}
