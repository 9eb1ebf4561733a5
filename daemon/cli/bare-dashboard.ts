import { inCi } from './ci.js';
import { run } from './commands/dashboard.js';
import type { Invocation } from './program.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The dashboard, where the words ask for it in so plain a way that no parser is needed: `dashboard` with its own flags, or no words at all on a
 * terminal that can show it. null: they ask for something else, or have to be looked at more closely.
 */
export function bareDashboard(argv: readonly string[], env: Environment, terminal: boolean): Invocation | null {
  if (argv.length === 0 && !(terminal && !inCi(env) && env['TERM'] && env['TERM'] !== 'dumb')) return null;
  const [verb = 'dashboard', ...flags] = argv;
  if (verb !== 'dashboard' || !flags.every(flag => flag === '--ascii' || flag === '--no-mouse')) return null;
  return { verb, run, args: [], options: { ascii: flags.includes('--ascii'), mouse: !flags.includes('--no-mouse') } };
}
