import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '../client/client.js';
import { findPaths } from '../files/paths.js';
import { CATALOGUE, type Failure, FailureError, failure } from '../shared/failure.js';
import type { RefusalHolder } from '../shared/failure-details.js';
import { oneLine, plainWords } from '../shared/printable.js';
import { coloursOf } from '../ui/shared/colours.js';
import { exitProcess } from '../ui/shared/exit.js';
import { Gate } from '../ui/shared/gate.js';
import { type Cli, type Colours, inCi, type Options, type Output, type Run, remark } from './cli.js';
import { openFileLimit, tooFewFiles } from './open-files.js';
import { hasHints, insteadOf } from './parser/habits.js';
import type { Invocation } from './parser/program.js';
import { renderRefusalHolders } from './render/budget.js';
import { wrapCell } from './render/table.js';
import { loadVerbs } from './verb.js';

/** Parses the command line, runs the verb, reports failures, and resolves to the exit code once everything is written. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const env = process.env;
  const [outGate, errGate] = [new Gate(process.stdout), new Gate(process.stderr)];
  const out = outputOf(process.stdout, outGate, env);
  const err = outputOf(process.stderr, errGate, env);
  // The reader of a pipe may close it early (| head), which is not a failure.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => exitProcess(0));
  let code = 0;
  const said: string[] = [];
  const call = async (invocation: Invocation) => {
    const cli = createCli(invocation.options, env, out, err);
    for (const note of invocation.notes ?? []) remark(cli, note);
    code = await invocation.run(cli, invocation.args);
  };
  const json = argv.includes('--json');
  try {
    const dashboard = bareDashboard(argv, env, process.stdin.isTTY && process.stdout.isTTY);
    if (dashboard) await call(dashboard);
    else await parsed(argv, call, { out: text => out.write(text), err: text => said.push(text) });
  } catch (error) {
    code = tell(cliFailure(error, said, argv), json, out, err);
  }
  await Promise.all([outGate.flushed(), errGate.flushed()]);
  return code;
}

/**
 * The dashboard, if the words ask for it so plainly that no parser is needed: `dashboard` with its own flags, or no words at all on a
 * terminal that can show it. null: another verb, or words that the parser has to read.
 */
export function bareDashboard(argv: readonly string[], env: Cli['env'], terminal: boolean): Invocation | null {
  if (argv.length === 0 && !(terminal && !inCi(env) && env['TERM'] && env['TERM'] !== 'dumb')) return null;
  const [verb = 'dashboard', ...flags] = argv;
  if (verb !== 'dashboard' || !flags.every(flag => flag === '--ascii' || flag === '--no-mouse')) return null;
  const run: Run = async cli => (await import('./commands/dashboard/dashboard.js')).dashboardVerb.run(cli);
  return { verb, run, args: [], options: { ascii: flags.includes('--ascii'), mouse: !flags.includes('--no-mouse') } };
}

/** Loads commander and the verbs only for words that need the parser: the dashboard, which runs for hours, does not hold their 4 MB. */
async function parsed(
  argv: readonly string[],
  call: (invocation: Invocation) => Promise<void>,
  write: { readonly out: (text: string) => void; readonly err: (text: string) => void },
): Promise<void> {
  const { buildProgram } = await import('./parser/program.js');
  const program = await buildProgram(argv, call, write, Date.now());
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync([...argv], { from: 'user' });
}

/** The failure to report for an error; null if nothing went wrong, as with --help. */
export function cliFailure(error: unknown, said: readonly string[], argv: readonly string[] = []): Failure | null {
  if (error instanceof FailureError) return error.failure;
  if (isCommanders(error)) {
    if (error.exitCode === 0 || error.code === 'commander.help') return null;
    const text = said
      .join('')
      .replace(/^error: /, '')
      .trim();
    return failure('usage', text || error.message, {}, hints(text, argv));
  }
  // With too few open files a module is reported as "not found".
  const few = tooFewFiles(openFileLimit());
  if (few) return few;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return failure('internal', `laptop-dev itself failed.\n${stack}`);
}

/** For words of Compose and docker: the command that does the same here. */
function hints(text: string, argv: readonly string[]): readonly string[] {
  const unknown = /^unknown (?:option|command) '([^']{1,64})'/.exec(text)?.[1];
  const verb = argv.find(hasHints) ?? '';
  // `rm -f`: the option is what the parser stumbles over.
  const hint = (verb === '' ? insteadOf('', argv[0] ?? '') : null) ?? (unknown === undefined ? null : insteadOf(verb, unknown));
  return hint === null ? [] : [hint];
}

/** A CommanderError, recognised by its fields. */
function isCommanders(error: unknown): error is Error & { readonly exitCode: number; readonly code: string } {
  return error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');
}

export function tell(value: Failure | null, json: boolean, out: Output, err: Output): number {
  if (value === null) return 0;
  if (json) out.write(`${JSON.stringify({ ok: false, error: value })}\n`);
  else err.write(`${renderFailure(value, { width: err.columns(), colours: err.colours }).join('\n')}\n`);
  return CATALOGUE[value.code].exit;
}

function createCli(options: Options, env: NodeJS.ProcessEnv, out: Output, err: Output): Cli {
  const packageRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const paths = findPaths(env, userInfo().uid, homedir(), existsSync);
  const cancel = new AbortController();
  process.on('SIGINT', () => (cancel.signal.aborted ? exitProcess(CATALOGUE.cancelled.exit) : cancel.abort()));
  process.on('SIGTERM', () => cancel.abort());
  return {
    env,
    cwd: process.cwd(),
    packageRoot,
    paths,
    client: new Client(paths.socket),
    out,
    err,
    stdin: process.stdin,
    version: JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')).version,
    interactive: Boolean(process.stdin.isTTY && process.stderr.isTTY && !inCi(env)),
    options,
    verbs: async () => loadVerbs((await import('./verbs.js')).VERBS),
    cancelled: cancel.signal,
  };
}

/** Colours: FORCE_COLOR, else a terminal that is not dumb, unless NO_COLOR is set (no-color.org). */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return terminal && env['TERM'] !== 'dumb';
}

function outputOf(stream: NodeJS.WriteStream, gate: Gate, env: NodeJS.ProcessEnv): Output {
  const terminal = stream.isTTY === true;
  return {
    write: text => gate.write(text),
    pass: data => gate.pass(data),
    terminal,
    columns: () => (terminal ? stream.columns || 80 : Number.POSITIVE_INFINITY),
    rows: () => (terminal ? stream.rows || 24 : Number.POSITIVE_INFINITY),
    colours: coloursOf(wantsColour(env, terminal)),
  };
}

/** A failure as text: what happened with its figures, what holds the memory if it is over budget, and the remedies. */
export function renderFailure(failure: Failure, options: { width: number; colours: Colours }): string[] {
  const width = Math.max(40, options.width);
  const [first = '', ...rest] = wrapCell(failure.message, width - 2);
  const holders = holdersOf(failure);
  return [
    `${options.colours.red('✗')} ${first}`,
    ...rest.map(line => `  ${line}`),
    ...lastLinesOf(failure).map(line => `  ${options.colours.dim('│')} ${line}`),
    ...(holders.length > 0 ? ['', ...renderRefusalHolders(holders, width - 2).map(line => `  ${line}`), ''] : []),
    ...failure.remedies.flatMap(remedy => wrapCell(remedy, width - 4).map((line, at) => (at === 0 ? `  → ${line}` : `    ${line}`))),
  ];
}

/** The container's last lines, without control sequences. */
function lastLinesOf({ details: { lastLines = [] } }: Failure): string[] {
  return lastLines.map(line => oneLine(plainWords(line)));
}

function holdersOf(failure: Failure): readonly RefusalHolder[] {
  return failure.code === 'over-budget' ? failure.details.holders.filter(holder => 'service' in holder) : [];
}
