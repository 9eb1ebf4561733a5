import { open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { mayKeep } from '../../../files/read-kept.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { oneLine } from '../../../shared/printable.js';
import { answer, type Cli, type Colours, untilCancelled } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const daemonLogsVerb = {
  name: 'logs',
  summary: "Show the daemon's own log",
  args: '',
  options: ['follow', 'tail', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

const LAST_LINES = 50;
/** The end of the log that is looked at for the last lines, bytes. */
const LAST_BYTES = 512 * 1024;
const LOOK_EVERY = 300;

/** The daemon's log for people: time, level, message, fields. --json gives its lines as they are. */
async function run(cli: Cli): Promise<number> {
  const file = cli.paths.logFile;
  const size = mayKeep(file) ? await sizeOf(file) : null;
  if (size === null)
    throw new FailureError(failure('not-found', `There is no log yet: ${file}.`, { file }, ['laptop-dev daemon start starts the daemon.']));
  const text = await readFrom(file, Math.max(0, size - LAST_BYTES), size);
  const lines = text
    .trimEnd()
    .split('\n')
    .slice(-(cli.options.tail ?? LAST_LINES));
  const show = (line: string) => (cli.options.json ? line : prettyLine(line, cli.out.colours));
  if (!cli.options.follow) {
    answer(cli, { file, lines: lines.map(parsed) }, () => lines.map(show).join('\n'));
    return 0;
  }
  for (const line of lines) cli.out.write(`${show(line)}\n`);
  return untilCancelled(cli, signal => follow(file, size, line => cli.out.write(`${show(line)}\n`), signal));
}

async function follow(file: string, from: number, show: (line: string) => void, signal: AbortSignal): Promise<void> {
  let at = from;
  let rest = '';
  for (;;) {
    await pause(LOOK_EVERY, undefined, { signal });
    const size = (await sizeOf(file)) ?? 0;
    if (size < at) at = 0; // rotated: a new file
    const lines = (rest + (await readFrom(file, at, size))).split('\n');
    at = size;
    rest = lines.pop() ?? '';
    for (const line of lines) show(line);
  }
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    found => found.size,
    () => null,
  );
}

async function readFrom(file: string, from: number, to: number): Promise<string> {
  if (to <= from) return '';
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

/** A line of pino for people; a line that is none stays as it is. */
export function prettyLine(line: string, colours: Colours): string {
  const value = parsed(line);
  if (typeof value !== 'object' || value === null) return oneLine(line);
  const { time, level, msg, pid: _pid, hostname: _host, ...fields } = value as Record<string, unknown>;
  const word = (LEVELS[Number(level)] ?? String(level)).padEnd(5);
  const at = typeof time === 'number' ? new Date(time).toISOString().slice(0, 19).replace('T', ' ') : '';
  const rest = Object.entries(fields).map(([key, item]) => `${key}=${typeof item === 'string' ? item : JSON.stringify(item)}`);
  return [colours.dim(at), Number(level) >= 40 ? colours.red(word) : word, oneLine(String(msg)), colours.dim(oneLine(rest.join(' ')))]
    .join(' ')
    .trimEnd();
}
