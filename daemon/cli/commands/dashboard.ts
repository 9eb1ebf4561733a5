import { FailureError, failure } from '../../core/failure.js';
import type { Cli } from '../cli.js';

/** The dashboard in a browser with --web. */
export async function run(cli: Cli): Promise<number> {
  if (cli.options.web) return (await import('./dashboard-web.js')).run(cli);
  throw new FailureError(failure('usage', 'The dashboard is shown in a browser: --web.'));
}
