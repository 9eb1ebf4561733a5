import { MiB } from '../../daemon/shared/bytes.js';
import { type Home, home } from '../e2e/support/home.js';
import { rss, streamLoad } from '../e2e/support/stream-load.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { cpuTime } from './support/process.js';
import { benchProject, IMAGE } from './support/project.js';

/** MB. */
const GOAL_GROWTH = 30;
/** ms, from when a message was made to when its reader has it. */
const GOAL_MESSAGE = 5;

interface Options {
  readonly clients?: string;
  readonly services?: string;
  readonly pictures?: string;
}

/**
 * Clients of /v1/stream at 1 Hz, and one that never reads, at a daemon with services that run: what the daemon grows by, whether anybody
 * misses a frame, and how long a message is on its way, to one client alone and to each of all (whose reading shares one process here).
 */
export async function run({ clients = '100', services = '20', pictures = '30' }: Options): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const own = await home();
  own.env['LAPTOP_DEV_STREAM_CLIENTS'] = String(Number(clients) + 1);
  try {
    await up(own, Number(services));
    const pid = await own.daemonPid();
    console.log(`${machineLine(await own.client.version())}\n${services} services run; ${pictures} pictures at 1 Hz\n`);
    const alone = await measured(own, pid, 1, Number(pictures));
    const all = await measured(own, pid, Number(clients), Number(pictures));
    const rows = [alone, all].map(({ latencies, count }) => [`to each of ${count}`, ...summary(latencies)]);
    console.log(`${table(['message, ms', ...COLUMNS], rows, 2)}\n`);
    const costs = [alone, all].map(({ before, most, cpu, count }) => [`${count} + 1 that never reads`, before / MiB, most / MiB, (most - before) / MiB, cpu]); // biome-ignore format: short
    console.log(`${table(['daemon', 'RSS before, MB', 'most', 'growth', 'CPU, % of a core'], costs)}\n`);
    console.log(`RSS when all have left: ${(rss(pid) / MiB).toFixed(1)} MB`);
    console.log(`frames missed: ${alone.gaps + all.gaps}; let go: ${alone.closed.length + all.closed.length}`);
    console.log(verdict(`growth with ${clients} clients`, (all.most - alone.before) / MiB, GOAL_GROWTH, 'MB'));
    console.log(verdict('message, p95, one client', quantile(alone.latencies, 0.95), GOAL_MESSAGE, 'ms', 2));
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

async function measured(own: Home, pid: number, count: number, pictures: number) {
  const [used, begin] = [cpuTime(pid), performance.now()];
  const load = await streamLoad(own, count, pictures);
  return { ...load, count, cpu: ((cpuTime(pid) - used) / (performance.now() - begin)) * 100 };
}

async function up(own: Home, count: number): Promise<void> {
  await own.cli(['daemon', 'start']);
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  const spec = benchProject(`${own.name}-stream`, own.root, names, null);
  for await (const line of own.client.act(spec.name, 'up', { spec, services: null, wait: true })) {
    if (line.type === 'result' && !line.ok) throw new Error(line.error.message);
  }
}
