import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FailureError, failure } from '../../../shared/failure.js';
import { formatSpan } from '../../../shared/span.js';
import { answer, type Cli, inCi, remark } from '../../cli.js';
import { ensureDaemon, runningDaemon } from '../../start-daemon.js';

/** Opens the web view, prints its link, and shows it in a browser where there is one. With --close: closes it. */
export async function openDashboardInBrowser(cli: Cli): Promise<number> {
  if (cli.options.close) return close(cli);
  const port = cli.options.port ?? portOf(cli.env);
  await ensureDaemon(cli);
  const opened = await cli.client.openWeb({ port });
  answer(cli, opened, () => opened.url);
  const shown = cli.options.open !== false && cli.interactive && !cli.options.json && (await openBrowser(opened.url, cli.env));
  remark(
    cli,
    `${shown ? 'Opened in the browser.' : 'Open this in a browser.'} The link works once, within ${formatSpan(opened.expiresIn)}.`,
  );
  return 0;
}

async function close(cli: Cli): Promise<number> {
  const closed = (await runningDaemon(cli)) !== null && (await cli.client.closeWeb()).closed;
  answer(cli, { closed }, () => (closed ? 'The web view is closed; its pages have lost their sessions.' : 'The web view is not open.'));
  return 0;
}

/** LAPTOP_DEV_WEB_PORT; null: a free one. */
function portOf(env: Cli['env']): number | null {
  const text = env['LAPTOP_DEV_WEB_PORT']?.trim();
  if (!text) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new FailureError(failure('config-invalid', `LAPTOP_DEV_WEB_PORT is "${text}"; expected a port from 1 to 65535.`));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The command that shows a page here; null over SSH, in CI, and where there is none. `has`: whether a command is there. */
export function browserCommand(env: Environment, has: (command: string) => boolean): string | null {
  if (inCi(env) || env['SSH_CONNECTION']) return null;
  const wsl = env['WSL_DISTRO_NAME'] ?? env['WSL_INTEROP'];
  const screen = env['DISPLAY'] || env['WAYLAND_DISPLAY'];
  const candidates = [...(wsl ? ['wslview', 'explorer.exe'] : []), ...(screen ? ['xdg-open'] : [])];
  return candidates.find(has) ?? null;
}

/** Shows a page and does not wait for it; false: here it cannot be shown. What the command answers is not asked: explorer.exe always says 1. */
export async function openBrowser(url: string, env: Environment): Promise<boolean> {
  const command = browserCommand(env, name => isCommand(name, env));
  if (command === null) return false;
  const child = spawn(command, [url], { stdio: 'ignore', detached: true, env });
  return new Promise(resolve => {
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

function isCommand(name: string, env: Environment): boolean {
  return (env['PATH'] ?? '').split(delimiter).some(folder => folder !== '' && isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
