import type { LogEntry } from '../../api/contract.js';
import { printable } from '../../ui/shared/own.js';
import { answer, type Cli, remark } from '../cli.js';
import { projectOf } from '../locate-project.js';
import { prefixesOf, terminalLine } from '../render/logs.js';
import { untilCancelled } from '../streaming.js';

/** Logs of some or all services. With --json one envelope, or NDJSON when following. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
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
    // What happened to it is no output of it: what is piped on stays clean.
    if (stream === 'notice') remark(cli, cli.err.colours.dim(`─ ${text} ─`));
    else if (out.terminal) out.write(`${prefix}${terminalLine(text)}\n`);
    else out.pass(`${printable(prefix)}${text}\n`);
  };
}
