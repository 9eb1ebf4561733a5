import type { Run } from './cli.js';
import type { OptionName } from './parser/options.js';

/**
 * A verb of the command line, one in each file of `commands`: all that help, completion, docs/cli.md and the parser know, and its code. The
 * files of all verbs are loaded at each start: what brings YAML or the validator of configuration is imported where it is used.
 */
export interface Verb {
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
  /** Absent: it only has verbs of its own. */
  readonly run?: Run;
  readonly verbs?: readonly Verb[];
}
