import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN } from './support/cli.js';
import type { Home } from './support/home.js';
import { stays, TINY, tinyHome } from './support/tiny.js';

const FILE = `services:
  web: { image: ${TINY}, command: ${stays()}, mem_limit: 32m }
  slow:
    image: ${TINY}
    command: ${stays()}
    healthcheck: { test: ["CMD", "false"], start_period: 60s }
    mem_limit: 32m
`;

let own: Home;
let cwd: string;
beforeAll(async () => {
  own = await tinyHome();
  cwd = await own.project('term', { 'compose.yaml': FILE });
});
afterAll(() => own?.close());

interface Session {
  /** Resolves when what the terminal was sent matches. */
  seen(pattern: RegExp): Promise<void>;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Exit code and all that was sent. */
  ended: Promise<{ code: number; output: string }>;
}

/** The real program in a pseudo-terminal of 80 × 24. */
function open(args: readonly string[]): Session {
  const { CI: _, ...env } = own.env;
  const terminal = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...env, TERM: 'xterm-256color' }, cols: 80, rows: 24 });
  let output = '';
  const waiting = new Set<() => void>();
  terminal.onData(data => {
    output += data;
    for (const look of [...waiting]) look();
  });
  return {
    seen: pattern =>
      new Promise(resolve => {
        const look = () => {
          if (!pattern.test(output)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    type: text => terminal.write(text),
    resize: (columns, rows) => terminal.resize(columns, rows),
    ended: new Promise(resolve => terminal.onExit(({ exitCode }) => resolve({ code: exitCode, output }))),
  };
}

/** Hidden cursors that were never shown again: what a person would be left with. */
const hides = (output: string) => output.lastIndexOf('\u001b[?25l') > output.lastIndexOf('\u001b[?25h');

it('up draws live lines and leaves the terminal as it was', async () => {
  const { code, output } = await open(['up', 'web']).ended;
  expect(code).toBe(0);
  expect(output).toContain('web');
  expect(output).toMatch(/✓.*web {2}running /s);
  expect(hides(output)).toBe(false);
  expect(output).not.toContain('\u001b[?1049h');
});

it('ctrl-C during up says that the work goes on, and exits with 130', async () => {
  const session = open(['up', 'slow']);
  await session.seen(/slow.*(start|wait|health)/s);
  session.type('\u0003');
  const { code, output } = await session.ended;
  expect(code).toBe(130);
  expect(output).toMatch(/goes on|continues|background/);
  expect(hides(output)).toBe(false);
  await own.ask(['stop', 'slow'], { cwd });
});

it('shell is a terminal in the container: it echoes, knows its size, and hands on the exit code', async () => {
  const session = open(['shell', 'web']);
  await session.seen(/[#$] /);
  session.resize(100, 30);
  session.type('stty size; exit 7\r');
  const { code, output } = await session.ended;
  expect(output).toContain('30 100');
  expect(code).toBe(7);
});
