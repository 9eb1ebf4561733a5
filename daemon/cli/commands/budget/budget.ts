import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderBudget } from '../../render/budget.js';
import type { Verb } from '../../verb.js';

export const budgetVerb = {
  name: 'budget',
  summary: 'Show the memory budget and who holds it, or set it',
  args: '',
  options: OUTPUT_OPTIONS,
  verbs: {
    set: async () => (await import('./set.js')).budgetSetVerb,
    advice: async () => (await import('./advice.js')).budgetAdviceVerb,
  },
  run,
} satisfies Verb;

/** The budget and its holders. */
async function run(cli: Cli): Promise<number> {
  const view = await cli.client.budget();
  answer(cli, view, () => renderBudget(view, { width: cli.out.columns(), colours: cli.out.colours }).join('\n'));
  return 0;
}
