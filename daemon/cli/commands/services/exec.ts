import type { ExecChannel } from '../../../client/exec.js';
import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const execVerb = {
  name: 'exec',
  summary: 'Run a command in the container of a service',
  args: '<service> <command...>',
  options: [...PROJECT_OPTIONS, 'no-tty', 'user', 'workdir', 'env', ...OUTPUT_OPTIONS],
  completes: 'services',
  passThrough: true,
  run,
} satisfies Verb;

/** Runs a command in a service's container; its exit code is ours. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const [service = '', ...rest] = args;
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  if (command.length === 0)
    throw new FailureError(failure('usage', 'Name a command to run.', {}, [`laptop-dev shell ${service} opens a shell.`]));
  return runExec(cli, service, command);
}

/** On a terminal the command gets one of the same size, and every key goes to it, ctrl-C too. Else its streams are ours. */
export async function runExec(cli: Cli, service: string, command: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  const tty = cli.options.tty !== false && cli.stdin.isTTY === true && cli.out.terminal && !cli.options.json;
  const channel = await cli.client.exec(project, service, {
    command,
    tty,
    user: cli.options.user ?? null,
    workingDir: cli.options.workdir ?? null,
    environment: { ...(tty ? { TERM: cli.env['TERM'] ?? 'xterm' } : {}), ...variables(cli) },
    ...(tty ? { columns: cli.out.columns(), rows: cli.out.rows() } : {}),
  });
  channel.onOutput((stream, data) => (stream === 'stderr' ? cli.err : cli.out).pass(data));
  const release = tty ? takeTerminal(cli, channel) : connectInput(cli, channel);
  try {
    return await channel.exit;
  } finally {
    release();
  }
}

function takeTerminal(cli: Cli, channel: ExecChannel): () => void {
  const resize = () => channel.resize(cli.out.columns(), cli.out.rows());
  cli.stdin.setRawMode(true);
  process.stdout.on('resize', resize);
  const stop = connectInput(cli, channel);
  return () => {
    stop();
    process.stdout.off('resize', resize);
    cli.stdin.setRawMode(false);
  };
}

function connectInput(cli: Cli, channel: ExecChannel): () => void {
  const write = (data: Uint8Array) => channel.write(data);
  const end = () => channel.end();
  const hangUp = () => channel.close();
  // It may have been paused by the dashboard, which lends its terminal.
  cli.stdin.on('data', write).on('end', end).resume();
  cli.cancelled.addEventListener('abort', hangUp);
  return () => {
    cli.stdin.off('data', write).off('end', end).pause();
    cli.cancelled.removeEventListener('abort', hangUp);
  };
}

function variables({ options, env }: Cli): Record<string, string> {
  return Object.fromEntries(
    (options.env ?? []).map(pair => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      if (/^\w+$/.test(pair)) return [pair, env[pair] ?? ''];
      throw new FailureError(failure('usage', `--env takes NAME=VALUE, or the NAME of a variable to pass on: ${pair}`));
    }),
  );
}
