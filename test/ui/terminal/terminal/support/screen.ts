import xterm from '@xterm/headless';

/** A terminal without a window, which says what a person would see. */
export interface Screen {
  /** Resolves when the text is on the screen. */
  write(text: string | Uint8Array): Promise<void>;
  resize(columns: number, rows: number): void;
  /** Its rows, without blanks at their ends. */
  rows(): string[];
  /** Of each cell of a row: its text, and how it looks as a word (`1;38;5;30`-like, in xterm's own numbers). */
  cells(row: number): string[];
  /** Rows that have left the screen at the top. */
  scrolledBack(): number;
  readonly isAlternate: boolean;
  readonly modes: xterm.IModes;
}

export function screenOf(columns: number, rows: number): Screen {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
  const buffer = () => terminal.buffer.active;
  const lineAt = (row: number) => buffer().getLine(buffer().baseY + row);
  return {
    write: text => new Promise(resolve => terminal.write(text, resolve)),
    resize: (width, height) => terminal.resize(width, height),
    rows: () => Array.from({ length: terminal.rows }, (_, row) => lineAt(row)?.translateToString(true, 0, terminal.cols) ?? ''),
    cells: row =>
      Array.from({ length: terminal.cols }, (_, column) => {
        const cell = lineAt(row)?.getCell(column);
        return `${cell?.getChars() || ' '} ${cell?.getFgColor()} ${cell?.isBold()} ${cell?.isDim()} ${cell?.isInverse()} ${cell?.isUnderline()}`;
      }),
    scrolledBack: () => buffer().baseY,
    get isAlternate() {
      return buffer().type === 'alternate';
    },
    get modes() {
      return terminal.modes;
    },
  };
}
