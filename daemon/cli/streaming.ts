import { CATALOGUE } from '../shared/failure.js';
import type { Cli } from './cli.js';

/** Runs what has no end of its own: 0 when it ends, 130 when the user ends it, which is no failure. */
export async function untilCancelled(cli: Cli, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  try {
    await work(cli.cancelled);
    return 0;
  } catch (error) {
    if (cli.cancelled.aborted) return CATALOGUE.cancelled.exit;
    throw error;
  }
}
