import type { VersionView } from '../../api/contract.js';
import { FailureError, failure } from '../../shared/failure.js';
import { formatTime } from '../../shared/span.js';
import { answer, type Cli } from '../cli.js';
import { ensureDaemon, runningDaemon } from '../start-daemon.js';

/** The daemon closes its log and its connections within this time, ms. */
const END_WITHIN = 15_000;

export async function start(cli: Cli): Promise<number> {
  const view = await ensureDaemon(cli);
  answer(cli, { running: true, ...view }, () => told(view).join('\n'));
  return 0;
}

/** Ends the daemon and waits until its process is gone. None running is fine too. */
export async function stop(cli: Cli): Promise<number> {
  const view = await runningDaemon(cli);
  if (view) {
    await cli.client.shutdown();
    await untilGone(view.pid);
  }
  answer(cli, { running: false, pid: view?.pid ?? null }, () =>
    view ? 'The daemon has ended; services keep running.' : 'The daemon does not run.',
  );
  return 0;
}

export async function status(cli: Cli): Promise<number> {
  const view = await runningDaemon(cli);
  if (!view)
    throw new FailureError(failure('daemon-unavailable', `The daemon does not run: ${cli.paths.socket}.`, { socket: cli.paths.socket }));
  answer(cli, { running: true, socket: cli.paths.socket, ...view }, () =>
    [...told(view), `socket  ${cli.paths.socket}`, `log     ${cli.paths.logFile}`].join('\n'),
  );
  return 0;
}

function told({ pid, version, startedAt, engine }: VersionView): string[] {
  const where = engine ? `${engine.kind} ${engine.version} at ${engine.endpoint}, cgroup v${engine.cgroupVersion}` : 'cannot be reached';
  return [
    `daemon  runs, PID ${pid}, version ${version}, for ${formatTime(Date.now() - startedAt)}`,
    `engine  ${where}`,
    ...(engine?.warnings ?? []).map(warning => `        ${warning}`),
  ];
}

async function untilGone(pid: number): Promise<void> {
  const end = Date.now() + END_WITHIN;
  while (isAlive(pid)) {
    if (Date.now() > end)
      throw new FailureError(failure('timeout', `The daemon (PID ${pid}) has not ended after ${END_WITHIN / 1_000} s.`, { pid }));
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
