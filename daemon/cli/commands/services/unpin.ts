import { act } from '../../acting.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const unpinVerb = {
  name: 'unpin',
  summary: 'Let services sleep again',
  args: '[service...]',
  options: [...PROJECT_OPTIONS, 'dry-run', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** Without names: all services of the project. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  await act(cli, project, 'unpin', { services: args, dryRun: cli.options.dryRun ?? false });
  answer(cli, { project, services: args }, () => `${args.join(', ') || project}: may sleep again`);
  return 0;
}
