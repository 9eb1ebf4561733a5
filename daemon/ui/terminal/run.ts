import type { Client } from '../../client/client.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Machine } from './dash.js';
import type { Backend } from './terminal/backend.js';
import { canDraw, capabilitiesOf } from './terminal/capabilities.js';
import { daemonBackend } from './terminal/daemon-backend.js';
import { Program } from './terminal/program.js';
import { Tty } from './terminal/tty.js';

export interface DashboardOptions {
  readonly client: Client;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ascii: boolean;
  readonly mouse: boolean;
  /** How often figures come, ms. */
  readonly every: Ms;
  /** A shell in a service, on the terminal of this process; resolves to its exit code. */
  readonly shell: Backend['shell'];
  /** Ends the dashboard. */
  readonly cancelled: AbortSignal;
}

/**
 * The dashboard on the terminal of this process, until it is left. However it ends, by an uncaught error too, the terminal is as it was
 * before. FailureError usage without a terminal that can be drawn on.
 */
export async function runDashboard<Dash>(machine: Machine<Dash>, options: DashboardOptions): Promise<void> {
  const { client, env, ascii, mouse, every, shell, cancelled } = options;
  if (!(process.stdin.isTTY && process.stdout.isTTY && canDraw(env))) throw new FailureError(noTerminal(env));
  const terminal = new Tty(process.stdin, process.stdout, { mouse });
  const ending = new AbortController();
  const hangUp = () => ending.abort();
  process.once('SIGHUP', hangUp);
  const crash = new Promise<never>((_, reject) => process.once('uncaughtException', reject).once('unhandledRejection', reject));
  try {
    const backend = daemonBackend(client, every, shell);
    const program = new Program({ machine, terminal, backend, capabilities: capabilitiesOf(env, { ascii }), now: () => Date.now() });
    await Promise.race([program.run(AbortSignal.any([cancelled, ending.signal])), crash]);
  } finally {
    terminal.close();
    ending.abort();
    process.off('SIGHUP', hangUp);
  }
}

function noTerminal(env: DashboardOptions['env']) {
  const why =
    process.stdin.isTTY && process.stdout.isTTY ? `a terminal of type ${env['TERM'] || 'unknown'} cannot show it` : 'there is none';
  return failure('usage', `The dashboard needs a terminal, and ${why}.`, {}, [
    'laptop-dev ps shows the services once; with --json for programs.',
  ]);
}
