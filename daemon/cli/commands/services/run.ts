import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { parseDuration } from '../../../shared/duration.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { type Cli, remark } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const runVerb = {
  name: 'run',
  summary: 'Run a command here while services are kept awake for it',
  args: '<command...>',
  options: [...PROJECT_OPTIONS, 'with', ...OUTPUT_OPTIONS],
  passThrough: true,
  run,
} satisfies Verb;

/** Signals that are passed on to the command; those of a terminal reach both processes. */
const PASSED_ON = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Wakes services, runs a command here with its own input and output, and lets them sleep again when it has ended, however it ends.
 * If this process is killed, the lease expires. Exits as the command does; 128 + n for signal n.
 */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const services = (cli.options.with ?? [])
    .flatMap(text => text.split(','))
    .map(name => name.trim())
    .filter(name => name !== '');
  if (services.length === 0) {
    throw new FailureError(
      failure('usage', 'run needs --with: the services that the command uses.', {}, ['laptop-dev run --with postgres,redis -- npm test']),
    );
  }
  const project = await projectOf(cli);
  const lease = await cli.client.lease(project, services, `laptop-dev run (${args.join(' ').slice(0, 80)})`, leaseTime(cli));
  try {
    return await runCommand(args);
  } finally {
    await lease.release();
    remark(cli, `${services.join(', ')}: may sleep again`);
  }
}

/** LAPTOP_DEV_LEASE, in ms; undefined: the default. */
function leaseTime({ env }: Cli): number | undefined {
  const text = env['LAPTOP_DEV_LEASE'];
  if (!text) return undefined;
  const ttl = parseDuration(text, 'option');
  if (ttl !== null && ttl >= 1_000 && ttl <= 3_600_000) return ttl;
  throw new FailureError(failure('usage', `LAPTOP_DEV_LEASE is "${text}"; expected a duration from 1s to 1h.`));
}

function runCommand([command = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit' });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  // Ctrl-C reaches the command from the terminal; this process waits for how it ends.
  const wait = (): void => undefined;
  for (const signal of PASSED_ON) process.on(signal, passOn);
  process.on('SIGINT', wait);
  return new Promise<number>((resolve, reject) => {
    child.once('error', error => reject(new FailureError(failure('usage', `${command} cannot be run: ${error.message}`))));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  }).finally(() => {
    for (const signal of PASSED_ON) process.off(signal, passOn);
    process.off('SIGINT', wait);
  });
}
