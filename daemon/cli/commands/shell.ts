import type { Cli } from '../cli.js';
import { runExec } from './exec.js';

/** bash where the image has it, else sh. */
const SHELL = ['sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'];

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  return runExec(cli, args[0] ?? '', SHELL);
}
