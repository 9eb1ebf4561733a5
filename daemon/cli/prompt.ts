import { FailureError, failure } from '../shared/failure.js';
import { askQuestion } from '../ui/shared/question.js';
import type { Cli } from './cli.js';

/** Asks before data is lost. Proceeds with --yes; without a terminal it fails with usage instead of guessing. */
export async function confirmLoss(cli: Cli, question: string): Promise<void> {
  if (cli.options.yes || cli.options.dryRun) return;
  if (!cli.interactive || cli.options.json) {
    throw new FailureError(
      failure('usage', `${question} There is no terminal to ask for confirmation.`, {}, [
        '--yes goes ahead; --dry-run shows what would be done.',
      ]),
    );
  }
  if (!(await askQuestion(question)))
    throw new FailureError(failure('cancelled', 'Nothing was done.', {}, ['--yes goes ahead without asking.']));
}
