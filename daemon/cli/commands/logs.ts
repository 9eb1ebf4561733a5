import type { LogEntry } from '../../http/contract.js';
import { answer, type Cli, type Colours } from '../cli.js';
import { projectOf } from '../place.js';
import { prefixesOf } from '../render/logs.js';
import { untilCancelled } from '../streaming.js';

/** Logs of some or all services. With --json one envelope, or NDJSON when following. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const project = await projectOf(cli);
  const { follow = false, json = false, since = null, tail = null } = cli.options;
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

/** One service alone needs no prefix. */
function printer(cli: Cli, names: readonly string[]): (entry: LogEntry) => void {
  const colours: Colours = cli.out.colours;
  const prefixes = names.length === 1 ? new Map<string, string>() : prefixesOf(names, colours);
  return ({ service, text }) => cli.out.write(`${prefixes.get(service) ?? ''}${text}\n`);
}
