import { FailureError, failure } from '../../shared/failure.js';
import type { Cli } from '../cli.js';
import { completionScript, SHELLS } from '../completion.js';

/** Prints the script; how it is installed stands in its first lines. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const shell = SHELLS.find(name => name === args[0]);
  if (!shell) throw new FailureError(failure('usage', `There is completion for ${SHELLS.join(', ')}, not for ${args[0]}.`));
  cli.out.write(completionScript(shell, cli.verbs));
  return 0;
}
