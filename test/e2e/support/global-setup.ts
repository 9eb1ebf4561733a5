import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEngine } from '../../../daemon/containers/discovery/find-engine.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Once before the tests that need an engine: dist/ is built when a source is newer, an engine is found, or else the installed one is
 * started and stopped again at the end. LAPTOP_DEV_ENGINE names it for all that follows.
 */
export async function setup(): Promise<(() => void) | undefined> {
  if (isStale()) run('npm', ['run', 'build']);
  if (await findAndName()) return undefined;
  run(join(ROOT, 'scripts/engine.sh'), ['start']);
  const failure = (await findAndName()) ? null : 'scripts/engine.sh start has ended, and no engine answers';
  if (failure) throw new Error(failure);
  return () => run(join(ROOT, 'scripts/engine.sh'), ['stop']);
}

async function findAndName(): Promise<boolean> {
  const { found } = await findEngine({ env: process.env, home: homedir(), uid: userInfo().uid, choice: null });
  if (found) process.env['LAPTOP_DEV_ENGINE'] = found.endpoint.startsWith('/') ? `unix://${found.endpoint}` : found.endpoint;
  return found !== null;
}

function isStale(): boolean {
  const built = join(ROOT, 'dist/main.js');
  return !existsSync(built) || newest(join(ROOT, 'daemon')) > statSync(built).mtimeMs;
}

/** Latest modification in a folder, in ms since the epoch. */
function newest(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(...entries.map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}
