import { formatBytes, parseBytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { remarkWarnings } from '../../acting.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderBudget } from '../../render/budget.js';
import { renderPlan } from '../../render/plan.js';
import type { Verb } from '../../verb.js';

export const budgetVerb = {
  name: 'budget',
  summary: 'Show the memory budget and what holds it, or set it',
  args: '',
  options: OUTPUT_OPTIONS,
  verbs: {
    set: async () => budgetSetVerb,
    advice: async () => (await import('./advice.js')).budgetAdviceVerb,
  },
  run: showBudget,
} satisfies Verb;

/** The budget and its holders. */
async function showBudget(cli: Cli): Promise<number> {
  const view = await cli.client.budget();
  answer(cli, view, () => renderBudget(view, { width: cli.out.columns(), colours: cli.out.colours }).join('\n'));
  return 0;
}

export const budgetSetVerb = {
  name: 'set',
  summary: 'Set the budget: 4GB, or default',
  args: '<size>',
  options: ['dry-run', ...OUTPUT_OPTIONS],
  run: setBudget,
} satisfies Verb;

/** Sets the budget of the running daemon, now and after its restart. `default`: what the machine gives. */
async function setBudget(cli: Cli, [text = '']: readonly string[]): Promise<number> {
  const bytes = text === 'default' ? null : parseBytes(text);
  if (bytes === null && text !== 'default') {
    throw new FailureError(
      failure('usage', `"${text}" is not a size.`, {}, ['laptop-dev budget set 4GB sets one, laptop-dev budget set default the default.']),
    );
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
