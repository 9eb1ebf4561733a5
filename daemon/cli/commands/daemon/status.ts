import type { VersionView } from '../../../api/contract.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { formatTime } from '../../../shared/span.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const daemonStatusVerb = {
  name: 'status',
  summary: 'Say whether the daemon runs, and with which engine',
  args: '',
  options: OUTPUT_OPTIONS,
  run,
} satisfies Verb;

async function run(cli: Cli): Promise<number> {
  const view = await runningDaemon(cli);
  if (!view)
    throw new FailureError(failure('daemon-unavailable', `The daemon does not run: ${cli.paths.socket}.`, { socket: cli.paths.socket }));
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
