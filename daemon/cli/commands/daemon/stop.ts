import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const daemonStopVerb = {
  name: 'stop',
  summary: 'End the daemon; services keep running',
  args: '',
  options: OUTPUT_OPTIONS,
  run,
} satisfies Verb;

/** The daemon closes its log and its connections within this time, ms. */
const END_WITHIN = 15_000;

/** Ends the daemon and waits until its process is gone. It is no failure when no daemon runs. */
async function run(cli: Cli): Promise<number> {
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
