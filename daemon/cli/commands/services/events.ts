import type { LoggedNotice } from '../../../api/notice.js';
import { answer, type Cli, untilCancelled } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS_BESIDE_FOLLOW } from '../../parser/options.js';
import { eventLine, subjectOf } from '../../render/events.js';
import type { Verb } from '../../verb.js';

export const eventsVerb = {
  name: 'events',
  summary: 'Show what happened to services, and why',
  args: '[service...]',
  options: [...PROJECT_OPTIONS_BESIDE_FOLLOW, 'all', 'follow', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** What happened, oldest first; with --follow what happens from now on too, as NDJSON with --json. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const { all = false, follow = false, json = false, quiet = false } = cli.options;
  const project = all ? null : await projectOf(cli);
  const wanted = (notice: LoggedNotice) => args.length === 0 || (notice.service !== null && args.includes(notice.service));
  const found: LoggedNotice[] = [];
  // The widest name so far: names line up, and in a stream the column only ever grows.
  let width = 0;
  const line = (notice: LoggedNotice) => {
    width = Math.max(width, subjectOf(notice, all).length);
    return eventLine(notice, { project: all, width, colours: cli.out.colours });
  };
  const code = await untilCancelled(cli, async signal => {
    for await (const notice of cli.client.notices({ project, follow, signal })) {
      if (!wanted(notice)) continue;
      if (follow && !quiet) cli.out.write(`${json ? JSON.stringify(notice) : line(notice)}\n`);
      else found.push(notice);
    }
  });
  width = Math.max(0, ...found.map(notice => subjectOf(notice, all).length));
  if (!follow) answer(cli, { notices: found }, () => found.map(line).join('\n') || 'Nothing has happened since the daemon started.');
  return code;
}
