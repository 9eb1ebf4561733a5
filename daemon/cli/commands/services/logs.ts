import type { LogEntry } from '../../../api/contract.js';
import { logParts } from '../../../shared/printable.js';
import { flat, own, printable } from '../../../ui/shared/own.js';
import { answer, type Cli, type Colours, remark, untilCancelled } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS_BESIDE_FOLLOW } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const logsVerb = {
  name: 'logs',
  summary: 'Show the output of services',
  args: '[service...]',
  options: [...PROJECT_OPTIONS_BESIDE_FOLLOW, 'follow', 'since', 'tail', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** Logs of some or all services. With --json one envelope, or NDJSON when following. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  const { follow = false, json = false, since = null } = cli.options;
  const tail = Number.isFinite(cli.options.tail) ? (cli.options.tail ?? null) : null;
  const names = args.length > 0 ? args : (await cli.client.services(project, false)).map(service => service.name);
  const print = printer(cli, names);
  const found: LogEntry[] = [];
  const code = await untilCancelled(cli, async signal => {
    for await (const entry of cli.client.logs(project, { services: args, follow, since, tail, signal })) {
      if (!json) print(entry);
      else if (follow) cli.out.write(`${JSON.stringify(entry)}\n`);
      else found.push(entry);
    }
  });
  if (json && !follow) answer(cli, { lines: found }, () => '');
  return code;
}

/** One service alone needs no prefix. Colours of a service are shown on a terminal and whatever else steers one is not; where there is none, a line is what was written. */
function printer(cli: Cli, names: readonly string[]): (entry: LogEntry) => void {
  const { out } = cli;
  const prefixes = names.length === 1 ? new Map<string, string>() : prefixesOf(names, out.colours);
  return ({ service, stream, text }) => {
    const prefix = prefixes.get(service) ?? '';
    // Notices are not output of the service: a pipe gets the output alone.
    if (stream === 'notice') remark(cli, cli.err.colours.dim(`─ ${text} ─`));
    else if (out.terminal) out.write(`${prefix}${terminalLine(text)}\n`);
    else out.pass(`${printable(prefix)}${text}\n`);
  };
}

const CYCLE = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const;

/** `api      | ` for each name: as wide as the widest, each in a colour of its own while they last. */
export function prefixesOf(names: readonly string[], colours: Colours): Map<string, string> {
  const width = Math.max(0, ...names.map(name => name.length));
  const sorted = [...names].sort();
  return new Map(sorted.map((name, at) => [name, colours[CYCLE[at % CYCLE.length] ?? 'cyan'](`${flat(name).padEnd(width)} | `)]));
}

/** A line of a service for a terminal: its text and its colours, which end with it. */
export function terminalLine(text: string): string {
  const parts = logParts(text);
  const line = parts.map(part => part.text + (part.sgr === null ? '' : own(`\u001b[${part.sgr}m`))).join('');
  return parts.some(({ sgr }) => sgr !== null) ? line + own('\u001b[0m') : line;
}
