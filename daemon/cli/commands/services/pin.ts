import { formatSpan } from '../../../shared/span.js';
import { act, mannerOf } from '../../acting.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { ACTION_OPTIONS, OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { renderPlan } from '../../render/plan.js';
import type { Verb } from '../../verb.js';

export const pinVerb = {
  name: 'pin',
  summary: 'Start services and keep them awake',
  args: '<service...>',
  options: [...PROJECT_OPTIONS, 'for', ...ACTION_OPTIONS, ...OUTPUT_OPTIONS],
  completes: 'services',
  run: pin,
} satisfies Verb;

/** Starts services and keeps them awake, for a time or until `unpin`. */
async function pin(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  const ttl = cli.options.for ?? null;
  const { plan, result } = await act(cli, project, 'pin', { services: args, ttl, ...mannerOf(cli) });
  answer(cli, { project, services: args, ttl, plan }, () => {
    if (!result) return renderPlan(plan, cli.options.dryRun ? 'would' : 'will').join('\n');
    return `${args.join(', ')}: pinned ${ttl === null ? 'until laptop-dev unpin' : `for ${formatSpan(ttl)}`}`;
  });
  return 0;
}

export const unpinVerb = {
  name: 'unpin',
  summary: 'Let pinned services sleep again',
  args: '[service...]',
  options: [...PROJECT_OPTIONS, 'dry-run', ...OUTPUT_OPTIONS],
  completes: 'services',
  run: unpin,
} satisfies Verb;

/** Without names: all services of the project. */
async function unpin(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  await act(cli, project, 'unpin', { services: args, dryRun: cli.options.dryRun ?? false });
  answer(cli, { project, services: args }, () => `${args.join(', ') || project}: may sleep again`);
  return 0;
}
