import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebOpened } from '../../daemon/api/contract.js';
import { byGear } from '../support/deep.js';
import { type Home, home } from './support/home.js';
import { patience } from './support/until.js';

const run = promisify(execFile);
const FLOOD = fileURLToPath(new URL('./support/flood.mjs', import.meta.url));
/** kB. */
const MOST_GROWTH = 50 * 1024;
/** Connections that the port takes, and a few that it is just turning away. */
const MOST_FILES = 64 + 32;

interface Flooded {
  readonly made: number;
  readonly failed: number;
  readonly dropped: number;
  readonly held: number;
  readonly statuses: Readonly<Record<string, number>>;
}

let own: Home;
let web: WebOpened;
let pid: number;
/** Memory before the first flood: what one after the other adds counts too. */
let first: number | undefined;
beforeAll(async () => {
  own = await home();
  web = await own.ask<WebOpened>(['dashboard', '--web', '--no-open']);
  pid = await own.daemonPid();
});
afterAll(() => own?.close());

/** Open files of the daemon. */
const files = () => readdirSync(`/proc/${pid}/fd`).length;
/** kB. */
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** `hold`: ms that those which are not dropped are held after the last one was made. */
async function flood(count: number, kind: string, hold = 2_000): Promise<Flooded> {
  const command = `ulimit -n "$(ulimit -Hn)"; exec ${process.execPath} ${FLOOD} ${web.port} ${count} ${kind} ${hold}`;
  return JSON.parse((await run('bash', ['-c', command], { timeout: patience(120_000) })).stdout);
}

/** Asks over the Unix socket all the while, and looks at the daemon's memory. Latencies in ms, `peak` in kB. */
async function meanwhile<T>(work: Promise<T>): Promise<{ result: T; asked: number; slowest: number; peak: number; mostFiles: number }> {
  let [over, asked, slowest, peak, mostFiles] = [false, 0, 0, 0, 0];
  const ended = work.finally(() => {
    over = true;
  });
  const ask = async () => {
    while (!over) {
      const began = performance.now();
      expect((await own.client.version()).pid).toBe(pid);
      asked++;
      slowest = Math.max(slowest, performance.now() - began);
      peak = Math.max(peak, rss());
      mostFiles = Math.max(mostFiles, files());
    }
  };
  const [result] = await Promise.all([ended, ask()]);
  return { result, asked, slowest, peak, mostFiles };
}

/** Far more than the port takes in any case. */
const SHARE = byGear({ deep: 1, usual: 0.2, fast: 0.2 });
const FLOODS = [
  { kind: 'half', count: 10_000 * SHARE },
  { kind: 'silent', count: 5_000 * SHARE },
  { kind: 'requests', count: 5_000 * SHARE },
  { kind: 'upgrades', count: 5_000 * SHARE },
  { kind: 'bodies', count: 2_000 * SHARE },
];
it.each(FLOODS)('$count × $kind: the Unix socket answers all the while, memory stays', async ({ kind, count }) => {
  // What the first requests load is no growth.
  await flood(200, kind, 0);
  first ??= rss();
  const [before, filesBefore] = [first, files()];
  const { result, asked, slowest, peak, mostFiles } = await meanwhile(flood(count, kind));
  const growth = Math.max(peak, rss()) - before;
  console.log(
    `flood ${kind}: ${JSON.stringify(result)}; ${asked} answers on the Unix socket, slowest ${Math.round(slowest)} ms; RSS +${(growth / 1024).toFixed(1)} MiB of ${Math.round(before / 1024)}`,
  );
  expect([result.made, result.failed]).toEqual([count, 0]);
  expect(Object.keys(result.statuses).filter(status => !['401', '408', '400'].includes(status))).toEqual([]);
  expect(mostFiles - filesBefore).toBeLessThanOrEqual(MOST_FILES);
  expect(asked).toBeGreaterThan(10);
  expect(slowest).toBeLessThan(patience(5_000));
  expect(growth).toBeLessThan(MOST_GROWTH);
});

it('when it is over a page can be opened', async () => {
  const { url } = await own.ask<WebOpened>(['dashboard', '--web', '--no-open']);
  await expect.poll(async () => (await fetch(url).catch(() => null))?.status, { timeout: patience(60_000) }).toBe(200);
});
