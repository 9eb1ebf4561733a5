import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

/**
 * A process that keeps a history as fast as it can: in each minute of its clock, from `from` on, three services use as many bytes as
 * the minute's number. It prints the number of each minute once that is kept. After `minutes` it ends and prints what it complained of.
 */
const PROGRAM = `
import { createHistory } from './history.js';
const { folder, from, minutes, step = 1 } = JSON.parse(process.argv[2]);
let minute = from;
const clock = { now: () => minute * 60_000, wall: () => minute * 60_000 };
const said = [];
const log = { warn: (_, text) => said.push(text), debug: (_, text) => said.push(text) };
const history = createHistory({ folder, clock, log });
for (; minute < from + minutes; minute += step) {
  history.add(['shop/api', 'shop/db', 'shop/cache'].map(id => ({ id, container: 'c', workingSet: minute, cpu: 0 })));
  if (minute > from) process._rawDebug('kept ' + (minute - step));
}
history.close();
process._rawDebug('said ' + said.join());
`;

export const SERVICES = ['shop/api', 'shop/db', 'shop/cache'] as const;

export interface Job {
  readonly folder: string;
  readonly from: number;
  readonly minutes: number;
  /** From one minute to the next that is kept; default 1. */
  readonly step?: number;
}

export interface WriterProcess {
  readonly child: ChildProcess;
  /** Each line that it prints. */
  readonly lines: AsyncIterable<string>;
  readonly exited: Promise<unknown>;
}

/** Compiles the program; `start` runs it, `blocks`: no file of it may become larger (of 512 bytes each, ulimit -f). */
export async function writerProgram() {
  const home = mkdtempSync(join(tmpdir(), 'history-writer-'));
  const outfile = join(home, 'writer.mjs');
  const resolveDir = join(import.meta.dirname, '../../../daemon/history');
  await build({ stdin: { contents: PROGRAM, resolveDir }, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  return {
    start(job: Job, blocks: number | null = null): WriterProcess {
      const limit = blocks === null ? '' : `ulimit -f ${blocks}; `;
      const words = ['-c', `${limit}exec "$@"`, 'sh', process.execPath, outfile, JSON.stringify(job)];
      const child = spawn('/bin/sh', words, { stdio: ['ignore', 'ignore', 'pipe'] });
      return { child, lines: createInterface({ input: child.stderr }), exited: once(child, 'exit') };
    },
    remove: () => rmSync(home, { recursive: true }),
  };
}
