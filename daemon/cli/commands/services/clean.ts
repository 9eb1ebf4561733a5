import type { Cleaned } from '../../../api/contract.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { confirmLoss } from '../../prompt.js';
import type { Verb } from '../../verb.js';

export const cleanVerb = {
  name: 'clean',
  summary: 'Remove containers and networks of a project that are no longer needed',
  args: '',
  options: [...PROJECT_OPTIONS, 'volumes', 'yes', 'dry-run', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Removes what no service of the project needs any more. Volumes only with --volumes, after a question that names them. */
async function run(cli: Cli): Promise<number> {
  const project = await projectOf(cli);
  const { volumes = false, dryRun = false } = cli.options;
  if (volumes && !dryRun) {
    const found = await cli.client.clean({ project, volumes, dryRun: true });
    if (found.volumes.length > 0) await confirmLoss(cli, `Remove ${found.volumes.join(', ')}, with all data in them?`);
  }
  const cleaned = await cli.client.clean({ project, volumes, dryRun });
  answer(cli, { project, dryRun, ...cleaned }, () => cleanedText(cleaned, dryRun).join('\n'));
  return 0;
}

function cleanedText(cleaned: Cleaned, dryRun: boolean): string[] {
  const lines = (['containers', 'networks', 'volumes'] as const).flatMap(kind =>
    cleaned[kind].length > 0 ? [`  ${kind}: ${cleaned[kind].join(', ')}`] : [],
  );
  if (lines.length === 0) return ['Nothing to clean.'];
  return [dryRun ? 'This would be removed:' : 'Removed:', ...lines];
}
