import { spawn } from '@lydell/node-pty';
import { type Screen, screenOf } from '../../ui/terminal/terminal/support/screen.js';
import { patience } from './until.js';

/** A program in a pseudo-terminal, and the screen that a person would see. */
export interface Session {
  readonly pid: number;
  readonly screen: Screen;
  /** All that the terminal was sent. */
  output(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves when the screen is so; a text: it stands somewhere. Rejects after a minute with the screen in its words. */
  until(what: string | RegExp | ((screen: Screen) => boolean)): Promise<void>;
  /** As when the window is closed. */
  hangUp(): void;
  /** Ends it, if it runs still. */
  kill(): void;
  /** Called with what the terminal is sent, before it is on the screen. */
  onData(listener: (data: string) => void): void;
  /** Its exit code, when everything that it wrote is on the screen. */
  readonly ended: Promise<number>;
}

export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

export function openSession(file: string, args: readonly string[], { cwd, env, columns = 100, rows = 30 }: Place): Session {
  const { CI: _, ...rest } = env;
  const own = { LANG: 'C.UTF-8', ...rest, TERM: 'xterm-256color' };
  const terminal = spawn(file, [...args], { cwd, env: own, cols: columns, rows });
  const screen = screenOf(columns, rows);
  const waiting = new Set<() => void>();
  const look = () => {
    for (const each of [...waiting]) each();
  };
  let output = '';
  let drawn: Promise<void> = Promise.resolve();
  let over = false;
  terminal.onData(data => {
    output += data;
    drawn = screen.write(data).then(look);
  });
  const ended = new Promise<number>(resolve => {
    terminal.onExit(({ exitCode }) => {
      over = true;
      resolve(exitCode);
    });
  });
  return {
    pid: terminal.pid,
    screen,
    output: () => output,
    type: text => terminal.write(text),
    resize: (width, height) => {
      screen.resize(width, height);
      terminal.resize(width, height);
    },
    hangUp: () => terminal.kill('SIGHUP'),
    kill: () => {
      if (!over) terminal.kill('SIGKILL');
    },
    onData: listener => void terminal.onData(listener),
    until: what => seen(screen, waiting, what),
    ended: ended.then(code => drawn.then(() => code)),
  };
}

function seen(screen: Screen, waiting: Set<() => void>, what: string | RegExp | ((screen: Screen) => boolean)): Promise<void> {
  const fits = typeof what === 'function' ? what : () => matches(screen.rows().join('\n'), what);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(late);
      waiting.delete(look);
    };
    const look = () => {
      if (!fits(screen)) return;
      end();
      resolve();
    };
    const late = setTimeout(() => {
      end();
      reject(new Error(`waited for ${String(what)}; the screen shows\n${screen.rows().join('\n')}`));
    }, patience(60_000));
    waiting.add(look);
    look();
  });
}

function matches(text: string, what: string | RegExp): boolean {
  return typeof what === 'string' ? text.includes(what) : what.test(text);
}
