import type { Cli } from '../../cli.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';
import { runExec } from './exec.js';

export const shellVerb = {
  name: 'shell',
  summary: 'Open a shell in the container of a service (bash, else sh)',
  args: '<service>',
  options: [...PROJECT_OPTIONS, 'user', 'workdir', 'env', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** bash where the image has it, else sh. */
const SHELL = ['sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'];

async function run(cli: Cli, args: readonly string[]): Promise<number> {
  return runExec(cli, args[0] ?? '', SHELL);
}
