import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Redirect } from '../../../daemon/ports/redirects.js';

/** Sets redirects as a daemon does, says so, and stays. */
const PROGRAM = `
import { openRedirectManager } from './manager.js';
const { instance, redirects } = JSON.parse(process.argv[2]);
const quiet = () => undefined;
const path = await openRedirectManager({ instance, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
console.log(JSON.stringify(await path.set(redirects)));
setInterval(quiet, 1000);
`;

/** A process that has set these redirects and was then killed, as a daemon by kill -9. Resolves to what its set answered. */
export async function setAndKilled(instance: string, redirects: readonly Redirect[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-process-'));
  const outfile = join(folder, 'process.mjs');
  const resolveDir = join(import.meta.dirname, '../../../daemon/redirects');
  await build({ stdin: { contents: PROGRAM, resolveDir }, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  const child = spawn(process.execPath, [outfile, JSON.stringify({ instance, redirects })], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [answer] = await Promise.race([once(child.stdout, 'data'), exited.then(() => ['"it ended"'])]);
  child.kill('SIGKILL');
  await exited;
  rmSync(folder, { recursive: true, force: true });
  return JSON.parse(String(answer));
}
