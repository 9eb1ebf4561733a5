import { formatProblem } from '../../core/problem.js';
import { initProject } from '../../project/init.js';
import { answer, type Cli, remark } from '../cli.js';
import { findOptions } from '../place.js';

/** Writes laptop-dev.yaml beside the Compose file, or with --dry-run prints it. */
export async function run(cli: Cli): Promise<number> {
  const { dryRun = false, force = false } = cli.options;
  const result = await initProject({ ...findOptions(cli), dryRun, force });
  for (const warning of result.warnings) remark(cli, `${cli.err.colours.yellow('warning:')} ${formatProblem(warning)}`);
  const { file, text, written, services } = result;
  answer(cli, { file, written, services, text }, () =>
    written ? `Wrote ${file}: budgets for ${services.length} services (${services.join(', ')}).\nNext: laptop-dev up` : text,
  );
  return 0;
}
