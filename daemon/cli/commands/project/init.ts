import { formatProblem } from '../../../shared/problem.js';
import { answer, type Cli, remark } from '../../cli.js';
import { findOptions } from '../../locate-project.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const initVerb = {
  name: 'init',
  summary: 'Write a laptop-dev.yaml for the Compose file found here',
  args: '',
  options: [...CONFIG_OPTIONS, 'dry-run', 'force', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Writes laptop-dev.yaml beside the Compose file, or with --dry-run prints it. */
async function run(cli: Cli): Promise<number> {
  const { dryRun = false, force = false } = cli.options;
  const [{ initProject }, { renderTrust }] = await Promise.all([
    import('../../../config/project/init/init.js'),
    import('../../render/trust.js'),
  ]);
  const result = await initProject({ ...findOptions(cli), dryRun, force });
  for (const warning of result.warnings) remark(cli, `${cli.err.colours.yellow('warning:')} ${formatProblem(warning)}`);
  const { file, text, written, services, trust } = result;
  const asked = renderTrust(trust);
  // The text of the file is the whole answer, to be written somewhere.
  if (!written && asked.length > 0) remark(cli, asked.join('\n'));
  const wrote = `Wrote ${file}: budgets for ${services.length} services (${services.join(', ')}).`;
  answer(cli, { file, written, services, text, trust }, () => (written ? [wrote, ...asked, 'Next: laptop-dev up'].join('\n') : text));
  return 0;
}
