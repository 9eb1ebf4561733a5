import type { Client } from '../client/client.js';
import type { Paths } from '../files/paths.js';
import type { Host, StartProgram } from '../platform/wsl/programs.js';
import { CATALOGUE } from '../shared/failure.js';
import type { Colours } from '../ui/shared/colours.js';
import type { LoadedVerb } from './verb.js';

export type { Colours } from '../ui/shared/colours.js';

/** One of the two output streams, as the commands see it: the gate (ui/shared/gate.ts) before it. */
export interface Output {
  /** Any text. Of what steers a terminal only our own sequences pass, from `colours` and `own`; the rest is shown. */
  write(text: string): void;
  /** Bytes as they are: for what a person runs in a container, and for logs that go to no terminal. */
  pass(data: Uint8Array | string): void;
  readonly terminal: boolean;
  /** Width of the terminal now; Infinity when it is none: nothing is cut for a pipe. */
  columns(): number;
  /** Height of the terminal; Infinity when it is none. */
  rows(): number;
  readonly colours: Colours;
}

/** What a command stands on; nothing in cli/ but bin.ts reads the process. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What starts the programs of the host that `wsl`, `doctor` and `bug-report` ask; without one they are processes. */
  readonly start?: StartProgram | undefined;
  /** What lets time pass between two looks at the host; without one a timer. */
  readonly wait?: Host['wait'];
  /** Folder of the caller. */
  readonly cwd: string;
  /** Folder with package.json, scripts/ and profiles/. */
  readonly packageRoot: string;
  readonly paths: Paths;
  readonly client: Client;
  readonly out: Output;
  readonly err: Output;
  readonly stdin: NodeJS.ReadStream;
  /** Version of this program. */
  readonly version: string;
  /** Whether questions can be asked: stdin and stderr are terminals, and this is no CI. */
  readonly interactive: boolean;
  readonly options: Options;
  /** All verbs, for completion. */
  verbs(): Promise<readonly LoadedVerb[]>;
  /** Aborted by ctrl-C. */
  readonly cancelled: AbortSignal;
}

/** All options of all verbs, as commander gives them. Times in ms. */
export interface Options {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly project?: string;
  readonly profiles?: string;
  readonly file?: readonly string[];
  readonly projectName?: string;
  readonly envFile?: readonly string[];
  readonly engine?: 'docker' | 'podman';
  readonly trust?: boolean;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout?: number;
  readonly all?: boolean;
  readonly volumes?: boolean;
  readonly yes?: boolean;
  readonly recreate?: boolean;
  readonly follow?: boolean;
  /** ms. */
  readonly every?: number;
  readonly stream?: boolean;
  /** ms since the epoch. */
  readonly since?: number;
  /** Infinity: all. */
  readonly tail?: number;
  /** ms. */
  readonly for?: number;
  readonly with?: readonly string[];
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly showValues?: boolean;
  readonly force?: boolean;
  readonly write?: boolean;
  readonly explain?: boolean;
  readonly wslconfig?: string;
  /** Bytes. */
  readonly hostMemory?: number;
  readonly cores?: number;
  readonly version?: string;
  /** Bytes. */
  readonly wslc?: number;
  /** Bytes. */
  readonly model?: number;
  readonly psi?: boolean;
  readonly fix?: boolean;
  readonly afterStop?: boolean;
  readonly output?: string;
  readonly stdout?: boolean;
  readonly ascii?: boolean;
  readonly mouse?: boolean;
  readonly web?: boolean;
  readonly port?: number;
  readonly open?: boolean;
  readonly close?: boolean;
  readonly name?: string;
  readonly sha256?: string;
  readonly replace?: boolean;
  readonly large?: boolean;
  readonly service?: string;
}

/** A command: resolves to the exit code; expected failures are thrown as FailureError. */
export type Run = (cli: Cli, args: readonly string[]) => Promise<number>;

/** The answer: one envelope with --json, nothing with --quiet, else the text. */
export function answer(cli: Cli, data: unknown, text: () => string): void {
  if (cli.options.json) cli.out.write(`${JSON.stringify({ ok: true, data })}\n`);
  else if (!cli.options.quiet) cli.out.write(ended(text()));
}

/** A remark on stderr, so that it never mixes with the answer. */
export function remark(cli: Cli, text: string): void {
  if (!cli.options.quiet) cli.err.write(ended(text));
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** Runs work without an end of its own: 0 if it ends, 130 if the user ends it, which is not a failure. */
export async function untilCancelled(cli: Cli, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  try {
    await work(cli.cancelled);
    return 0;
  } catch (error) {
    if (cli.cancelled.aborted) return CATALOGUE.cancelled.exit;
    throw error;
  }
}

/** Values of CI that mean no. */
const NO = /^(|0|no|off|false)$/i;

/** Whether this is CI, where no questions are asked and nothing is redrawn. CI=false is not CI. */
export function inCi(env: Readonly<Record<string, string | undefined>>): boolean {
  return !NO.test((env['CI'] ?? '').trim());
}
