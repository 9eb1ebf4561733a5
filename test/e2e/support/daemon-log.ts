import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from './home.js';

/** One line of the daemon's log, as pino writes it. */
export interface LogLine {
  /** ms since the epoch. */
  readonly time: number;
  readonly msg: string;
}

/** What the daemon has logged with these words, oldest first. */
export async function logged(own: Home, words: string): Promise<readonly LogLine[]> {
  const text = await readFile(join(own.stateDir, 'daemon.log'), 'utf8');
  const lines = text.split('\n').filter(line => line.includes(words));
  return lines.map(line => JSON.parse(line) as LogLine);
}
