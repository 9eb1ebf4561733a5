import { type Argument, Command, type HelpContext, InvalidArgumentError, Option } from 'commander';
import { parseBytes } from '../../shared/bytes.js';
import { parseDuration } from '../../shared/duration.js';
import { FailureError, failure } from '../../shared/failure.js';
import { isName, isServiceName, NAME_RULE, SERVICE_NAME_RULE } from '../../shared/names.js';
import type { Options, Run } from '../cli.js';
import { type LoadedVerb, loadVerbs, type VerbTable } from '../verb.js';
import { VERBS } from '../verbs.js';
import { takenBy } from './habits.js';
import { type OptionName, optionOf } from './options.js';

/** What the command line asks for. */
export interface Invocation {
  readonly verb: string;
  readonly run: Run;
  readonly args: readonly string[];
  readonly options: Options;
  /** Remarks on options that were accepted although they change nothing. */
  readonly notes?: readonly string[];
}

/** Options that may also stand before the verb, as in `docker compose -f … up`. */
const BEFORE_VERB: readonly OptionName[] = ['project', 'profiles', 'file', 'project-name', 'env-file', 'json', 'quiet'];

/** Where help and errors go. */
interface Write {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * The parser for `argv`, with the verb that it names; with all verbs where it names none. `call` gets the invocation; help and
 * errors throw CommanderError after their text went to `write`. `now`: ms since the epoch, for times such as `10m`.
 */
export async function buildProgram(
  argv: readonly string[],
  call: (invocation: Invocation) => Promise<void>,
  write: Write,
  now: number,
): Promise<Command> {
  const verbs = await namedVerbs(VERBS, BEFORE_VERB, argv, write, now);
  const program = new Command('laptop-dev')
    .description("Keeps a developer's laptop inside a memory budget: services under hard limits, from profiles.")
    .usage('VERB [options]')
    .enablePositionalOptions()
    .addHelpCommand('help [verb]', 'Show the arguments and options of a verb')
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ subcommandTerm: command => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' ') })
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: write.out, writeErr: write.err });
  for (const name of BEFORE_VERB) program.addOption(toOption(name, now).hideHelp());
  for (const verb of verbs) addVerb(program, verb, [verb.name], call, now);
  return program;
}

/**
 * The verb that the first word names which is neither an option nor the value of one: with this verb alone the words are parsed as with all.
 * If that word is not a verb, as in the general help: all verbs, without their own.
 */
async function namedVerbs(
  table: VerbTable,
  options: readonly OptionName[],
  words: readonly string[],
  write: Write,
  now: number,
): Promise<readonly LoadedVerb[]> {
  const reader = new Command().passThroughOptions().exitOverride().configureOutput({ writeOut: write.out, writeErr: write.err });
  for (const name of options) reader.addOption(toOption(name, now));
  const [name = '', ...rest] = reader.parseOptions([...words]).operands;
  const load = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!load && name === 'help' && rest.length > 0) return namedVerbs(table, [], rest.slice(0, 1), write, now);
  if (!load) return loadVerbs(table, false);
  const verb = await load();
  return [{ ...verb, verbs: verb.verbs ? await namedVerbs(verb.verbs, verb.options, rest, write, now) : [] }];
}

function addVerb(
  parent: Command,
  verb: LoadedVerb,
  path: readonly string[],
  call: (invocation: Invocation) => Promise<void>,
  now: number,
): void {
  const command = parent
    .command(verb.name, { hidden: verb.hidden ?? false })
    .description(verb.summary)
    .helpOption('-h, --help', 'show this help');
  if (verb.args !== '') command.arguments(verb.args);
  if (verb.passThrough) command.passThroughOptions();
  for (const name of verb.options) command.addOption(toOption(name, now));
  const notes = new Set<string>();
  for (const { flags, note } of path.length === 1 ? takenBy(verb.name) : []) {
    command.addOption(new Option(flags).hideHelp());
    command.on(`option:${new Option(flags).name()}`, () => void notes.add(note));
  }
  for (const inner of verb.verbs) addVerb(command, inner, [...path, inner.name], call, now);
  const { run } = verb;
  if (!run) return needVerb(command, path);
  command.action(async () => {
    if (verb.completes === 'services') command.args.slice(0, verb.passThrough ? 1 : undefined).forEach(expectServiceName);
    const said = [...notes].filter(note => note !== '');
    await call({
      verb: path.join(' '),
      run,
      args: command.args,
      options: { ...rootOf(command).opts(), ...command.opts() },
      ...(said.length > 0 ? { notes: said } : {}),
    });
  });
}

/** Alone it says which verbs it has. Commander would write its help among the errors, which a script takes for an answer. */
function needVerb(command: Command, path: readonly string[]): void {
  const help: (context?: HelpContext) => never = command.help.bind(command);
  command.help = (context?: HelpContext | ((text: string) => string)) => {
    if (typeof context !== 'object' || !context.error) return help();
    const called = ['laptop-dev', ...path].join(' ');
    const names = command.commands.map(each => each.name()).join(', ');
    throw new FailureError(failure('usage', `${called} needs one more word: ${names}.`, {}, [`${called} --help says what each does.`]));
  };
}

/** Throws FailureError usage with the word as it was typed: the daemon's refusal would not repeat it. */
function expectServiceName(word: string): void {
  if (isServiceName(word)) return;
  const message = `"${word}" is not a service name: ${SERVICE_NAME_RULE}.`;
  throw new FailureError(failure('usage', message, { service: word }, ['laptop-dev ps lists the services of the project.']));
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command;
}

function toOption(name: OptionName, now: number): Option {
  const { flags, text, value } = optionOf(name);
  const option = new Option(flags, text);
  switch (value) {
    case 'many':
      return option.argParser((next: string, before: readonly string[] | undefined) => [...(before ?? []), next]);
    case 'engine':
      return option.choices(['docker', 'podman']);
    case 'project-name':
      return option.argParser(next => expect(isName(next) ? next : null, `It must be ${NAME_RULE}.`));
    case 'count':
      return option.argParser(next => expect(/^\d{1,9}$/.test(next) ? Number(next) : null, 'It must be a whole number.'));
    case 'lines':
      return option.argParser(next =>
        expect(
          next === 'all' ? Number.POSITIVE_INFINITY : /^\d{1,9}$/.test(next) ? Number(next) : null,
          'It must be a whole number, or all.',
        ),
      );
    case 'size':
      return option.argParser(next => expect(parseBytes(next) || null, 'It must be a size, such as 16GB.'));
    case 'version':
      return option.argParser(next =>
        expect(/^\d{1,4}(\.\d{1,5}){0,3}$/.test(next) ? next : null, 'It must be a version, such as 3.0 or 2.9.12.'),
      );
    case 'port':
      return option.argParser(next => expect(/^\d{1,5}$/.test(next) && isPort(Number(next)) ? Number(next) : null, 'It must be a port.'));
    case 'duration':
      return option.argParser(next => expect(parseDuration(next, 'option') || null, 'It must be a time, such as 90, 90s or 2m.'));
    case 'since':
      return option.argParser(next => expect(parseSince(next, now), 'It must be a time, such as 10m, 2h or 2026-01-31T12:00.'));
    default:
      return option;
  }
}

function isPort(value: number): boolean {
  return value >= 1 && value <= 65_535;
}

function expect<T>(value: T | null, complaint: string): T {
  if (value === null) throw new InvalidArgumentError(complaint);
  return value;
}

/** A point in time: a duration before `now`, an ISO date (with or without a time; local without a zone), or seconds since the epoch. ms since the epoch; null for anything else. */
export function parseSince(text: string, now: number): number | null {
  if (/^\d{9,}(\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1_000);
  const back = parseDuration(text, 'option');
  if (back !== null) return Math.max(0, Math.floor(now - back));
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return null;
  const at = Date.parse(/[T ]/.test(text) ? text.replace(' ', 'T') : `${text}T00:00:00`);
  return Number.isNaN(at) ? null : at;
}
