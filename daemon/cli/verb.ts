import type { Run } from './cli.js';
import type { OptionName } from './option-table.js';

/** A verb of the command line. The table is all that help, completion, docs/cli.md and the parser know. */
export interface CliVerb {
  readonly name: string;
  readonly summary: string;
  /** In commander's notation: <one>, [maybe], [many...]. */
  readonly args: string;
  readonly options: readonly OptionName[];
  /** What completion offers for the arguments. */
  readonly completes?: 'services' | 'profiles-and-services' | 'presets-and-profiles';
  /** Everything after the first argument belongs to the command that is run. */
  readonly passThrough?: boolean;
  /** For completion scripts, not for people. */
  readonly hidden?: boolean;
  /** Only this verb's file is loaded. */
  readonly load?: () => Promise<{ readonly run: Run }>;
  readonly verbs?: readonly CliVerb[];
}
