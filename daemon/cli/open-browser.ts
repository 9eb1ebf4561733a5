import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inCi } from './ci.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** How a page is shown here; null: nobody sits before this machine, or it cannot be told. `has`: whether a command is there. */
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
