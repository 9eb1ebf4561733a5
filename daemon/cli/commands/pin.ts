import { formatSpan } from '../../shared/span.js';
import { act, mannerOf } from '../acting.js';
import { answer, type Cli } from '../cli.js';
import { projectOf } from '../locate-project.js';
import { renderPlan } from '../render/plan.js';

/** Starts services and keeps them awake, for a time or until `unpin`. */
export async function pin(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  const ttl = cli.options.for ?? null;
  const { plan, result } = await act(cli, project, 'pin', { services: args, ttl, ...mannerOf(cli) });
  answer(cli, { project, services: args, ttl, plan }, () => {
    if (!result) return renderPlan(plan, cli.options.dryRun ? 'would' : 'will').join('\n');
    return `${args.join(', ')}: pinned ${ttl === null ? 'until laptop-dev unpin' : `for ${formatSpan(ttl)}`}`;
  });
  return 0;
}

/** None named: all of the project. */
export async function runUnpin(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  await act(cli, project, 'unpin', { services: args, dryRun: cli.options.dryRun ?? false });
  answer(cli, { project, services: args }, () => `${args.join(', ') || project}: may sleep again`);
  return 0;
}
