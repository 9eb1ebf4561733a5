import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { ensureProgram } from './debian.js';
import { until } from './until.js';

const run = promisify(execFile);

/** A program in a window of a tmux server of its own. */
export interface Tmux {
  /** What the window shows, line by line. */
  screen(): Promise<string>;
  /** Resolves to the screen once it matches. */
  shows(what: RegExp): Promise<string>;
  /** Keys by their names in tmux: `x`, `Escape`, `C-z`. */
  keys(...names: readonly string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** Of the window: `cursor_flag`, `alternate_on`, `mouse_any_flag`. */
  flag(name: string): Promise<string>;
  end(): Promise<void>;
}

export async function openTmux(
  script: string,
  at: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly columns: number; readonly rows: number },
): Promise<Tmux> {
  await ensureProgram('tmux');
  const server = `ldt-${randomBytes(4).toString('hex')}`;
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (
      await run('tmux', ['-L', server, '-f', '/dev/null', ...args], {
        cwd: at.cwd,
        env: { ...at.env, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' },
      })
    ).stdout;
  await tmux('new-session', '-d', '-x', String(at.columns), '-y', String(at.rows), 'sh', '-c', script);
  const screen = () => tmux('capture-pane', '-p');
  return {
    screen,
    shows: what =>
      until(`the screen shows ${what}`, async () => {
        const shown = await screen();
        return what.test(shown) ? shown : null;
      }),
    keys: async (...names) => void (await tmux('send-keys', ...names)),
    resize: async (columns, rows) => void (await tmux('resize-window', '-x', String(columns), '-y', String(rows))),
    flag: async name => (await tmux('display-message', '-p', `#{${name}}`)).trim(),
    end: async () => void (await tmux('kill-server').catch(() => '')),
  };
}
