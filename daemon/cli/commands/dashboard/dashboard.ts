import { setFlagsFromString } from 'node:v8';
import { CATALOGUE } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const dashboardVerb = {
  name: 'dashboard',
  summary: 'Show live what runs, what it uses and what sleeps next; the same as laptop-dev alone',
  args: '',
  options: ['ascii', 'no-mouse', 'web', 'port', 'no-open', 'close', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** How often figures come, ms. */
const EVERY = 1_000;

/** What runs, what it costs and what sleeps next, on the terminal until the user leaves. No daemon is needed to open it, and none is started. With --web in a browser. */
async function run(cli: Cli): Promise<number> {
  if (cli.options.web) return (await import('./web.js')).openDashboardInBrowser(cli);
  // For a program that works 1 ms a second and keeps little: no optimising compiler, no growth of the young generation. Measured with 20
  // services: 52 MB instead of 66.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--semi-space-growth-factor=1');
  const [{ runDashboard }, { machine }] = await Promise.all([
    import('../../../ui/terminal/run.js'),
    import('../../../ui/terminal/machine.js'),
  ]);
  const { client, env, options, cancelled } = cli;
  await runDashboard(machine, {
    client,
    env,
    ascii: options.ascii ?? false,
    mouse: options.mouse !== false,
    every: EVERY,
    shell: async (project, service) => {
      const { shellVerb } = await import('../services/shell.js');
      return shellVerb.run({ ...cli, options: { projectName: project } }, [service]);
    },
    cancelled,
  });
  return cancelled.aborted ? CATALOGUE.cancelled.exit : 0;
}
