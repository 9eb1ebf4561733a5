import { answer, type Cli } from '../cli.js';
import { renderBudget } from '../render/budget.js';

/** The budget and its holders. */
export async function run(cli: Cli): Promise<number> {
  const view = await cli.client.budget();
  answer(cli, view, () => renderBudget(view, { width: cli.out.columns(), colours: cli.out.colours }).join('\n'));
  return 0;
}
