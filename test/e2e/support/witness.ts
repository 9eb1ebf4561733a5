import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { patience } from './until.js';

/** What a program did to a terminal of 80 × 24 in which somebody had worked before. */
export interface Witnessed {
  readonly code: number;
  /** All that it wrote. */
  readonly output: string;
  /** The same without our own sequences, and without line ends. */
  readonly text: string;
  /** What it did and may not do, one line each: characters that steer or mislead, a title, a clipboard, a wiped screen. */
  readonly faults: readonly string[];
}

/** Who draws what: a plain verb only colours, a live one redraws its lines, a question is clack's, a screen is the alternate one. */
export type Manner = 'plain' | 'live' | 'question' | 'screen';

const SGR = '\\[[\\d;]*m';
const LIVE = `${SGR}|\\[\\d+[AB]|\\[2K`;
/** Our own sequences behind ESC. */
const OWN: Readonly<Record<Manner, string>> = {
  plain: SGR,
  live: LIVE,
  question: `${LIVE}|\\[\\?25[hl]|\\[\\d*[ABCDG]|\\[[012]?[JK]|\\[\\?2004[hl]|\\[9999[A-D]`,
  screen: `${SGR}|\\[\\d+;\\d+H|\\[2?[JK]|\\[\\?(?:25|7|1000|1006|1049|2004|2026)[hl]`,
};
/** All control characters but line feed and tab, directions, what takes no room. */
const STEERS = /[^\P{Cc}\n\t]|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef]|[\u{e0000}-\u{e0fff}]/gu;

interface Wanted {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly manner: Manner;
  /** What is typed once the output so far matches, one after the other. */
  readonly types?: readonly (readonly [seen: RegExp, text: string])[];
}

const BEFORE = 'what stood here before';

/** The program in a pseudo-terminal, to its end. */
export async function witness(file: string, { args, cwd, env, manner, types = [] }: Wanted): Promise<Witnessed> {
  const screen = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true, scrollback: 10_000, logLevel: 'off' });
  const faults: string[] = [];
  screen.onTitleChange(title => faults.push(`title ${title}`));
  screen.onBell(() => faults.push('bell'));
  for (const code of [4, 8, 10, 11, 52, 777, 1337]) screen.parser.registerOscHandler(code, data => faults.push(`OSC ${code} ${data}`) > 0);
  screen.parser.registerDcsHandler({ final: 'p' }, data => faults.push(`DCS ${data}`) > 0);
  await new Promise<void>(resolve => screen.write(`${BEFORE}\r\n`, resolve));
  const { CI: _, ...rest } = env;
  const terminal = spawn(file, [...args], { cwd, env: { LANG: 'C.UTF-8', ...rest, TERM: 'xterm-256color' }, cols: 80, rows: 24 });
  const late = setTimeout(() => terminal.kill('SIGKILL'), patience(60_000));
  const keys = [...types];
  let output = '';
  let drawn: Promise<void> = Promise.resolve();
  terminal.onData(data => {
    output += data;
    for (let [next] = keys; next?.[0].test(output); [next] = keys) {
      keys.shift();
      terminal.write(next[1]);
    }
    drawn = new Promise(resolve => screen.write(data, resolve));
  });
  const code = await new Promise<number>(resolve => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  clearTimeout(late);
  await drawn;
  const rows = Array.from({ length: 24 }, (_, row) =>
    screen.buffer.active.getLine(screen.buffer.active.baseY + row)?.translateToString(true),
  );
  for (const [seen] of keys.slice(0, 1)) faults.push(`never showed ${seen}, but\n${rows.join('\n')}`);
  const text = cleaned(output, manner);
  for (const character of new Set(text.match(STEERS) ?? [])) faults.push(steering(text, character));
  if (screen.buffer.active.type !== 'normal') faults.push('left the alternate screen open');
  if (screen.buffer.normal.getLine(0)?.translateToString(true) !== BEFORE) faults.push('what stood there before is gone');
  return { code, output, text, faults };
}

function cleaned(output: string, manner: Manner): string {
  // The terminal itself ends lines with both.
  const lines = output.replaceAll(new RegExp(`\u001b(?:${OWN[manner]})`, 'g'), '').replaceAll(/\r+\n/g, '\n');
  return manner === 'plain' || manner === 'screen' ? lines : lines.replaceAll('\r', '');
}

function steering(text: string, character: string): string {
  const at = text.indexOf(character);
  return `${JSON.stringify(character)} (${character.codePointAt(0)?.toString(16)}) in ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 40))}`;
}
