import type { Run } from './cli.js';
import type { OptionName } from './parser/options.js';

/**
 * A verb of the command line: all that help, completion, docs/cli.md and the parser know, and its code. A file of
 * `commands` has one verb, or a group of short ones. A command line loads the file of the verb that it names; the general help loads all
 * of them, so what brings YAML or the validator of configuration is imported where it is used.
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
  readonly verbs?: VerbTable;
}

/** Verbs by name, in the order in which help shows them; the value loads the verb from its file. */
export type VerbTable = Readonly<Record<string, () => Promise<Verb>>>;

/** A verb with those of its own verbs that were loaded. */
export interface LoadedVerb extends Omit<Verb, 'verbs'> {
  readonly verbs: readonly LoadedVerb[];
}

/** All verbs of a table, with theirs unless `inner` is false. One file after another: where few may be open, all at once are too many. */
export async function loadVerbs(table: VerbTable, inner = true): Promise<readonly LoadedVerb[]> {
  const loaded: LoadedVerb[] = [];
  for (const load of Object.values(table)) {
    const verb = await load();
    loaded.push({ ...verb, verbs: inner && verb.verbs ? await loadVerbs(verb.verbs) : [] });
  }
  return loaded;
}
