import { own } from '../ui/shared/own.js';
import type { Output } from './cli.js';
import { shorten } from './render/table.js';

const OPEN = own('\u001b[?1049h\u001b[?25l');
// Cleared first: tmux 3.3 leaves rows behind if its window has grown meanwhile.
const CLOSE = own('\u001b[1;1H\u001b[2J\u001b[?25h\u001b[?1049l');
/** Synchronized output: a terminal that knows it shows a frame as a whole. */
const [BEGIN, END] = [own('\u001b[?2026h'), own('\u001b[?2026l')];

/** A table that is redrawn on the alternate screen: only lines that changed are written, and what was on the screen comes back. */
export class RedrawnScreen {
  #drawn: readonly string[] | null = null;
  #size = '';

  constructor(private readonly out: Output) {}

  /** What does not fit is cut; the last row stays free, as a terminal may scroll when it is written to the end. */
  draw(lines: readonly string[]): void {
    const [rows, columns] = [this.out.rows(), this.out.columns()];
    const shown = lines.slice(0, rows - 1).map(line => shorten(line, columns));
    const size = `${rows} ${columns}`;
    let text = this.#drawn === null ? OPEN : '';
    if (size !== this.#size) text += own('\u001b[2J');
    const before = size === this.#size ? (this.#drawn ?? []) : [];
    for (let at = 0; at < Math.max(before.length, shown.length); at++)
      if (before[at] !== shown[at]) text += `${own(`\u001b[${at + 1};1H`)}${shown[at] ?? ''}${own('\u001b[K')}`;
    if (text !== '') this.out.write(`${BEGIN}${text}${END}`);
    this.#drawn = shown;
    this.#size = size;
  }

  close(): void {
    if (this.#drawn !== null) this.out.write(CLOSE);
    this.#drawn = null;
  }
}

/** Calls back for each key as it is typed, where the input is a terminal; returns what gives it back. */
export function onKeys(stdin: NodeJS.ReadStream, pressed: (key: string) => void): () => void {
  if (!stdin.isTTY) return () => undefined;
  const listen = (data: Buffer) => {
    for (const key of data.toString('latin1')) pressed(key);
  };
  stdin.setRawMode(true);
  stdin.on('data', listen);
  stdin.resume();
  return () => {
    stdin.off('data', listen);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
