import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const versionVerb = {
  name: 'version',
  summary: 'Show the versions of laptop-dev, the daemon and the engine',
  args: '',
  options: OUTPUT_OPTIONS,
  run,
} satisfies Verb;

/** Versions of this program, the daemon and the engine; the daemon need not run. */
async function run(cli: Cli): Promise<number> {
  const daemon = await runningDaemon(cli);
  const engine = daemon?.engine ?? null;
  answer(cli, { version: cli.version, daemon: daemon?.version ?? null, engine, node: process.versions.node }, () =>
    [
      `laptop-dev ${cli.version}`,
      `daemon     ${daemon ? `${daemon.version} (PID ${daemon.pid})` : 'not running'}`,
      ...(engine ? [`engine     ${engine.kind} ${engine.version}, API ${engine.apiVersion}, cgroup v${engine.cgroupVersion}`] : []),
      `node       ${process.versions.node}`,
    ].join('\n'),
  );
  return 0;
}
