import { formatBytes, parseBytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { remarkWarnings } from '../../acting.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderPlan } from '../../render/plan.js';
import type { Verb } from '../../verb.js';

export const budgetSetVerb = {
  name: 'set',
  summary: 'Set the budget from now on: 4GB, or default',
  args: '<size>',
  options: ['dry-run', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Sets the budget of the running daemon, now and after its restart. `default`: what the machine gives. */
async function run(cli: Cli, [text = '']: readonly string[]): Promise<number> {
  const bytes = text === 'default' ? null : parseBytes(text);
  if (bytes === null && text !== 'default') {
    throw new FailureError(failure('usage', `"${text}" is no size.`, {}, ['laptop-dev budget set 4GB, or default']));
  }
  const dryRun = cli.options.dryRun ?? false;
  const { plan } = await cli.client.setBudget({ bytes, dryRun });
  remarkWarnings(cli, plan);
  answer(cli, { budget: plan.budget, plan }, () => {
    const made = plan.evicts.length + plan.shrinks.length > 0 ? renderPlan(plan, dryRun ? 'would' : 'will') : [];
    return [`The budget ${dryRun ? 'would be' : 'is'} ${formatBytes(plan.budget)}.`, ...made].join('\n');
  });
  return 0;
}
