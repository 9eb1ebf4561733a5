import { cpus } from 'node:os';
import { MiB } from '../../daemon/shared/bytes.js';
import { engine } from '../e2e/support/engine.js';
import { type Home, home } from '../e2e/support/home.js';
import { freePorts } from '../e2e/support/ports.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { children, cpuTime, footprint } from './support/process.js';
import { benchProject, CHECK, IMAGE } from './support/project.js';

const GOAL_RSS = 60;
/** Percent of all cores. */
const GOAL_CPU = 0.1;
const STACK = ['laptop-dev/api', 'laptop-dev/postgres', 'laptop-dev/redis'];

/** Seconds. */
interface Options {
  readonly settle?: string;
  readonly over?: string;
}

/** Memory and CPU of the daemon while three services run and nobody watches: the built-in stack where its images are here. */
export async function run({ settle = '60', over = '60' }: Options): Promise<void> {
  const own = await home();
  try {
    const what = (await Promise.all(STACK.map(isHere))).every(Boolean) ? await upStack(own) : await upTiny(own);
    const pid = await own.daemonPid();
    const started = footprint(pid);
    await seconds(Number(settle));
    const cpu = cpuTime(pid);
    const begin = performance.now();
    await seconds(Number(over));
    const percent = ((cpuTime(pid) - cpu) / ((performance.now() - begin) * cpus().length)) * 100;
    const rested = footprint(pid);
    console.log(`${machineLine(await own.client.version())}\n${what}; settled ${settle} s, CPU over ${over} s\n`);
    const row = (name: string, { rss, anonymous, peak, threads }: typeof rested) =>
      [name, ...[rss, anonymous, rss - anonymous, peak].map(bytes => (bytes / MiB).toFixed(1)), String(threads)] as const;
    console.log(table(['MB', 'RSS', 'anonymous', 'files', 'peak', 'threads'], [row('after the start', started), row('at rest', rested)]));
    console.log(`processes that it started and that still run: ${children(pid).length}`);
    console.log(verdict('RSS at rest', rested.rss / MiB, GOAL_RSS, 'MB'));
    console.log(verdict('CPU at rest, of all cores', percent, GOAL_CPU, '%', 3));
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

async function isHere(reference: string): Promise<boolean> {
  return engine('GET', `/images/${reference}/json`).then(
    () => true,
    () => false,
  );
}

/** Under another project name and other ports, so that one that runs here already is left alone. */
async function upStack(own: Home): Promise<string> {
  const [api, postgres, redis] = await freePorts(3);
  Object.assign(own.env, { API_PORT: `${api}`, POSTGRES_PORT: `${postgres}`, REDIS_PORT: `${redis}` });
  const { code, stderr } = await own.cli(['up', 'minimal', '-p', `${own.name}-stack`, '--wait']);
  if (code !== 0) throw new Error(stderr);
  return 'api, postgres and redis of the built-in stack';
}

async function upTiny(own: Home): Promise<string> {
  await tinyImage(ENGINE, IMAGE);
  await own.cli(['daemon', 'start']);
  const spec = benchProject(`${own.name}-rest`, own.root, ['one', 'two', 'three'], CHECK);
  for await (const line of own.client.act(spec.name, 'up', { spec, services: null, wait: true })) {
    if (line.type === 'result' && !line.ok) throw new Error(line.error?.message);
  }
  return 'three small services with health checks every 30 s';
}

function seconds(count: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, count * 1000));
}
