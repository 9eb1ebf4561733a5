/** The signs that bars and charts are made of. All one cell wide. */
export interface Glyphs {
  readonly used: string;
  readonly granted: string;
  /** Between the grant and the maximum, or free. */
  readonly reserve: string;
  /** Where the standard is. */
  readonly mark: string;
  /** From low to high. */
  readonly levels: readonly string[];
  /** Charts are drawn with the eight dots of braille; else with ASCII characters. */
  readonly braille: boolean;
  /** A line of a chart where nothing is drawn. */
  readonly line: string;
  readonly state: Readonly<Record<'running' | 'unhealthy' | 'starting' | 'stopping' | 'frozen' | 'asleep' | 'stopped' | 'failed', string>>;
}

const UNICODE: Glyphs = {
  used: '█',
  granted: '▒',
  reserve: '░',
  mark: '│',
  levels: [...'▁▂▃▄▅▆▇█'],
  braille: true,
  line: '┄',
  state: { running: '●', unhealthy: '▲', starting: '◐', stopping: '◑', frozen: '‖', asleep: '○', stopped: '□', failed: '✗' },
};

const ASCII: Glyphs = {
  used: '#',
  granted: '=',
  reserve: '.',
  mark: '|',
  levels: [...'_.-:=+*#'],
  braille: false,
  line: '-',
  state: { running: '*', unhealthy: '!', starting: '>', stopping: '<', frozen: '"', asleep: 'z', stopped: '-', failed: 'X' },
};

export function glyphsFor({ ascii }: { readonly ascii: boolean }): Glyphs {
  return ascii ? ASCII : UNICODE;
}
