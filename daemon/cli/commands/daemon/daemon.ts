import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { VersionView } from '../../../api/contract.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { formatTime } from '../../../shared/span.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { DAEMON_FLAGS, ensureDaemon, runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const daemonVerb = {
  name: 'daemon',
  summary: 'Start, stop or inspect the daemon',
  args: '',
  options: [],
  verbs: {
    start: async () => daemonStartVerb,
    stop: async () => daemonStopVerb,
    status: async () => daemonStatusVerb,
    logs: async () => (await import('./logs.js')).daemonLogsVerb,
    run: async () => daemonRunVerb,
    'install-unit': async () => (await import('./install-unit.js')).installUnitVerb,
  },
} satisfies Verb;

export const daemonStartVerb = {
  name: 'start',
  summary: 'Start the daemon in the background',
  args: '',
  options: ['engine', ...OUTPUT_OPTIONS],
  run: start,
} satisfies Verb;

async function start(cli: Cli): Promise<number> {
  const view = await ensureDaemon(cli);
  answer(cli, { running: true, ...view }, () => describeDaemon(view).join('\n'));
  return 0;
}

export const daemonStopVerb = {
  name: 'stop',
  summary: 'Stop the daemon; services keep running',
  args: '',
  options: OUTPUT_OPTIONS,
  run: stop,
} satisfies Verb;

/** The daemon closes its log and its connections within this time, ms. */
const END_WITHIN = 15_000;

/** Stops the daemon and waits until its process is gone. Succeeds if no daemon runs. */
async function stop(cli: Cli): Promise<number> {
  const view = await runningDaemon(cli);
  if (view) {
    await cli.client.shutdown();
    await untilGone(view.pid);
  }
  answer(cli, { running: false, pid: view?.pid ?? null }, () =>
    view ? 'The daemon is stopped; services keep running.' : 'The daemon is not running.',
  );
  return 0;
}

async function untilGone(pid: number): Promise<void> {
  const end = Date.now() + END_WITHIN;
  while (isAlive(pid)) {
    if (Date.now() > end)
      throw new FailureError(failure('timeout', `The daemon (PID ${pid}) is still running after ${END_WITHIN / 1_000} s.`, { pid }));
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const daemonStatusVerb = {
  name: 'status',
  summary: 'Show whether the daemon runs, and with which engine',
  args: '',
  options: OUTPUT_OPTIONS,
  run: status,
} satisfies Verb;

async function status(cli: Cli): Promise<number> {
  const view = await runningDaemon(cli);
  if (!view)
    throw new FailureError(failure('daemon-unavailable', `The daemon is not running: ${cli.paths.socket}.`, { socket: cli.paths.socket }));
  answer(cli, { running: true, socket: cli.paths.socket, ...view }, () =>
    [...describeDaemon(view), `socket  ${cli.paths.socket}`, `log     ${cli.paths.logFile}`].join('\n'),
  );
  return 0;
}

/** A running daemon and its engine, a line each, and the engine's warnings. */
export function describeDaemon({ pid, version, startedAt, engine }: VersionView): string[] {
  const where = engine ? `${engine.kind} ${engine.version} at ${engine.endpoint}, cgroup v${engine.cgroupVersion}` : 'cannot be reached';
  return [
    `daemon  runs, PID ${pid}, version ${version}, for ${formatTime(Date.now() - startedAt)}`,
    `engine  ${where}`,
    ...(engine?.warnings ?? []).map(warning => `        ${warning}`),
  ];
}

export const daemonRunVerb = {
  name: 'run',
  summary: 'Run the daemon in the foreground',
  args: '',
  options: ['engine'],
  run: runInForeground,
} satisfies Verb;

/** The daemon in the foreground, its log on stdout. A process of its own: this program's parser would cost it memory for good. */
async function runInForeground(cli: Cli): Promise<number> {
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
