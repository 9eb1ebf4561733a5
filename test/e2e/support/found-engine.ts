import { execFileSync } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findEngine } from '../../../daemon/engine/discovery/find-engine.js';

const ENGINE_SCRIPT = fileURLToPath(new URL('../../../scripts/engine.sh', import.meta.url));

/**
 * Once before the tests that need an engine: finds one, or else starts the installed one and stops it again at the end.
 * LAPTOP_DEV_ENGINE names it for all that follows.
 */
export async function setup(): Promise<(() => void) | undefined> {
  if (await findAndName()) return undefined;
  engineScript('start');
  if (!(await findAndName())) throw new Error('scripts/engine.sh start has ended, and no engine answers');
  return () => engineScript('stop');
}

async function findAndName(): Promise<boolean> {
  const { found } = await findEngine({ env: process.env, home: homedir(), uid: userInfo().uid, choice: null });
  if (found) process.env['LAPTOP_DEV_ENGINE'] = found.endpoint.startsWith('/') ? `unix://${found.endpoint}` : found.endpoint;
  return found !== null;
}

function engineScript(verb: 'start' | 'stop'): void {
  execFileSync(ENGINE_SCRIPT, [verb], { stdio: ['ignore', 'inherit', 'inherit'] });
}
