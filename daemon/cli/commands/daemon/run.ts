import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Cli } from '../../cli.js';
import { DAEMON_FLAGS } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const daemonRunVerb = {
  name: 'run',
  summary: 'Be the daemon, in the foreground',
  args: '',
  options: ['engine'],
  run,
} satisfies Verb;

/** The daemon in the foreground, its log on stdout. A process of its own: this program's parser would cost it memory for good. */
async function run(cli: Cli): Promise<number> {
  const kind = cli.options.engine === undefined ? {} : { LAPTOP_DEV_ENGINE_KIND: cli.options.engine };
  const child = spawn(process.execPath, [...DAEMON_FLAGS, join(cli.packageRoot, 'dist', 'main.js')], {
    stdio: 'inherit',
    env: { ...cli.env, ...kind, LAPTOP_DEV_FOREGROUND: '1' },
  });
  // The terminal sends ctrl-C to both; a signal to us alone is passed on.
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', passOn);
  process.on('SIGHUP', passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
