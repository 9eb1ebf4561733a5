import type { Live } from '../../../api/live.js';
import { applyDelta } from '../../../api/live-delta.js';
import type { StreamQuery } from '../../../client/stream.js';
import { CATALOGUE, FailureError, failure } from '../../../shared/failure.js';
import { nearestName } from '../../../shared/nearest.js';
import { answer, type Cli, inCi, untilCancelled } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { renderStats } from '../../render/stats.js';
import { onKeys, RedrawnScreen } from '../../screen.js';
import type { Verb } from '../../verb.js';

export const statsVerb = {
  name: 'stats',
  summary: 'Show what services use, live',
  args: '[service...]',
  options: [...PROJECT_OPTIONS, 'all', 'every', 'no-stream', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** How long one snapshot waits for the second measurement, without which there are no rates; ms. */
const MEASURED_WITHIN = 3_000;
const CTRL_C = '\u0003';

/** What services use: a live table on a terminal, one table elsewhere and with --no-stream, one JSON line per snapshot with --json. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const { all = false, json = false, quiet = false, stream = true, every } = cli.options;
  const project = all ? null : await projectOf(cli);
  const query: StreamQuery = { project, services: args, ...(every === undefined ? {} : { every }) };
  if (stream && json && !quiet) return untilCancelled(cli, signal => lines(cli, { ...query, signal }));
  const isLive = cli.out.terminal && !inCi(cli.env) && cli.env['TERM'] !== 'dumb';
  return stream && isLive && !quiet ? watch(cli, query) : once(cli, query);
}

/** The state after each frame of the stream that changes it. */
async function* snapshots(cli: Cli, query: StreamQuery): AsyncGenerator<Live> {
  let live: Live | null = null;
  for await (const frame of cli.client.stream(query)) {
    if (frame.type === 'snapshot') {
      live = frame.live;
      await check(cli, live, query);
      yield live;
    } else if (frame.type === 'delta' && live !== null) {
      live = applyDelta(live, frame.live);
      yield live;
    }
  }
}

async function check(cli: Cli, { services }: Live, { services: wanted = [], project = null }: StreamQuery): Promise<void> {
  const names = new Set(services.map(({ name }) => name));
  const missing = wanted.find(name => !names.has(name));
  if (missing === undefined) return;
  const known = (await cli.client.services(project, false)).map(({ name }) => name);
  const nearest = nearestName(missing, known);
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
  throw new FailureError(failure('not-found', `There is no service ${missing} in this project.${hint}`, { service: missing, known }));
}

function snapshotOf({ at, budget, host, services }: Live): object {
  return { at, budget, host, services };
}

async function lines(cli: Cli, query: StreamQuery): Promise<void> {
  for await (const live of snapshots(cli, query)) cli.out.write(`${JSON.stringify(snapshotOf(live))}\n`);
}

async function once(cli: Cli, query: StreamQuery): Promise<number> {
  const enough = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let last: Live | null = null;
  try {
    for await (const live of snapshots(cli, { ...query, signal: AbortSignal.any([enough.signal, cli.cancelled]) })) {
      last = live;
      if (isMeasured(live)) break;
      timer ??= setTimeout(() => enough.abort(), MEASURED_WITHIN);
    }
  } catch (error) {
    if (cli.cancelled.aborted) return CATALOGUE.cancelled.exit;
    if (!enough.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  const snapshot = last;
  if (snapshot) answer(cli, snapshotOf(snapshot), () => text(cli, snapshot).join('\n'));
  return 0;
}

function isMeasured({ services }: Live): boolean {
  return services.every(({ state, usage }) => state !== 'running' || (usage !== null && usage.cpu !== null));
}

async function watch(cli: Cli, query: StreamQuery): Promise<number> {
  const quit = new AbortController();
  const screen = new RedrawnScreen(cli.out);
  let code = 0;
  let last: Live | null = null;
  const release = onKeys(cli.stdin, key => {
    if (key === CTRL_C) code = CATALOGUE.cancelled.exit;
    if (key === CTRL_C || key === 'q') quit.abort();
  });
  try {
    for await (const live of snapshots(cli, { ...query, signal: AbortSignal.any([quit.signal, cli.cancelled]) })) {
      last = live;
      const { rows, colours } = cli.out;
      screen.draw([...fitted(text(cli, live), rows() - 3), '', colours.dim('q: quit')]);
    }
  } catch (error) {
    if (cli.cancelled.aborted) code = CATALOGUE.cancelled.exit;
    else if (!quit.signal.aborted) throw error;
  } finally {
    release();
    screen.close();
    // The last table stays, as the shell's own output does.
    if (last) cli.out.write(`${text(cli, last).join('\n')}\n`);
  }
  return code;
}

function text(cli: Cli, live: Live): string[] {
  const projects = cli.options.all ?? false;
  return renderStats(live, { projects, width: cli.out.columns(), colours: cli.out.colours });
}

/** At most `height` lines: services that do not fit are counted, the line about the budget stays. */
function fitted(lines: readonly string[], height: number): readonly string[] {
  const hidden = lines.length - height;
  if (hidden <= 0) return lines;
  return [...lines.slice(0, Math.max(1, height - 3)), `… ${hidden + 1} more`, ...lines.slice(-2)];
}
