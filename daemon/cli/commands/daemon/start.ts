import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { ensureDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';
import { describeDaemon } from './status.js';

export const daemonStartVerb = {
  name: 'start',
  summary: 'Start the daemon in the background',
  args: '',
  options: ['engine', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

async function run(cli: Cli): Promise<number> {
  const view = await ensureDaemon(cli);
  answer(cli, { running: true, ...view }, () => describeDaemon(view).join('\n'));
  return 0;
}
