import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MiB } from '../../daemon/shared/bytes.js';
import { type Home, home } from '../e2e/support/home.js';
import { until } from '../e2e/support/until.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { quantile, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { commandOf, cpuTime, footprint, named } from './support/process.js';
import { IMAGE } from './support/project.js';
import { watchStream } from './support/stream.js';

/** Of what `docker stats` costs, client and engine. */
const GOAL_FILES = 1 / 20;
const GOAL_API = 1 / 4;
/** % of one core, with a viewer, at this many containers. */
const GOAL_DAEMON = 0.4;
const GOAL_AT = 20;
/** Between two ways, for what the one before has begun. */
const SETTLE = 6_000;

interface Options {
  readonly sizes?: string;
  readonly rounds?: string;
  /** Seconds. */
  readonly over?: string;
}

/** nobody: nobody watches. files, engine: a viewer at 1 Hz, with figures from cgroup files or from the engine's API. stats: `docker stats`. */
const WAYS = ['nobody', 'files', 'engine', 'stats'] as const;
type Way = (typeof WAYS)[number];

/** CPU in ms a second. */
interface Cost {
  readonly daemon: number;
  readonly dockerd: number;
  readonly containerd: number;
  readonly shims: number;
  readonly client: number;
}
type Part = keyof Cost;
const PARTS: readonly Part[] = ['daemon', 'dockerd', 'containerd', 'shims', 'client'];

/**
 * What it costs to look at containers once a second: the daemon with a viewer, by cgroup files and by the engine's API, against `docker
 * stats`. The ways take turns. What the engine costs while nobody looks is subtracted from each.
 */
export async function run({ sizes = '10,20,50', rounds = '3', over = '20' }: Options): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const own = await home();
  try {
    await ok(own, ['daemon', 'start'], own.root);
    console.log(`${machineLine(await own.client.version())}\n${rounds} rounds, each way ${over} s a round; medians\n`);
    for (const size of sizes.split(',').map(Number)) await measureAt(own, size, Number(rounds), Number(over) * 1_000);
    console.log(`after: ${machineLine(await own.client.version())}`);
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

async function measureAt(own: Home, size: number, rounds: number, over: number): Promise<void> {
  const folder = await own.project(`usage${size}`, { 'compose.yaml': composeOf(size) });
  await ok(own, ['up', '--wait'], folder);
  const seen: Record<Way, Cost[]> = { nobody: [], files: [], engine: [], stats: [] };
  const sizes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const way of WAYS) {
      await restart(own, way, size);
      const end = await begin(own, way, size);
      await pause(SETTLE);
      seen[way].push(await costOver(own, over, end.client));
      if (way === 'files') sizes.push(footprint(await own.daemonPid()).rss / MiB);
      await end.stop();
    }
  }
  report(size, seen, quantile(sizes, 0.5));
  await ok(own, ['down', '--yes'], folder);
}

/** The services go on; the daemon that comes back adopts them. Without files it knows a container's figures from the engine alone. */
async function restart(own: Home, way: Way, size: number): Promise<void> {
  const figures = way === 'engine' ? 'engine' : '';
  if (own.env['LAPTOP_DEV_FIGURES'] === figures) return;
  own.env['LAPTOP_DEV_FIGURES'] = figures;
  await ok(own, ['daemon', 'stop'], own.root);
  await ok(own, ['daemon', 'start'], own.root);
  await until(`${size} services are adopted`, async () => {
    const services = await own.client.services(null, false);
    return services.filter(({ state }) => state === 'running').length >= size;
  });
}

/** Somebody who looks, until `stop`, which fails when he saw nothing. */
async function begin(own: Home, way: Way, size: number): Promise<{ readonly client: ChildProcess | null; stop(): Promise<void> }> {
  if (way === 'nobody') return { client: null, stop: async () => undefined };
  if (way === 'stats') {
    const ids = (await own.containers()).map(({ Id }) => Id);
    // Not node: what is read is thrown away by the kernel.
    const client = spawn('docker', ['--host', ENGINE, 'stats', ...ids], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(client, 'exit');
    return {
      client,
      stop: async () => {
        // It does not listen to softer ones.
        client.kill('SIGKILL');
        await ended;
      },
    };
  }
  const viewer = await watchStream(own.socket, '1s');
  return {
    client: null,
    stop: async () => {
      const { deltas, measured, elapsed } = await viewer.close();
      if (measured < size) throw new Error(`${way}: the viewer saw figures of ${measured} of ${size} services`);
      if (deltas < 0.8 * (elapsed / 1_000))
        throw new Error(`${way}: the viewer was told ${deltas} times in ${Math.round(elapsed / 1_000)} s`);
    },
  };
}

async function costOver(own: Home, over: number, client: ChildProcess | null): Promise<Cost> {
  const ids = (await own.containers()).map(({ Id }) => Id);
  const pids: Record<Part, readonly number[]> = {
    daemon: [await own.daemonPid()],
    dockerd: named('dockerd'),
    containerd: named('containerd'),
    shims: named('containerd-shim').filter(pid => ids.some(id => commandOf(pid).includes(id))),
    client: client?.pid === undefined ? [] : [client.pid],
  };
  const used = () => PARTS.map(part => pids[part].reduce((sum, pid) => sum + cpuTime(pid), 0));
  const [before, from] = [used(), performance.now()];
  await pause(over);
  const [after, seconds] = [used(), (performance.now() - from) / 1_000];
  const parts = PARTS.map((part, index) => [part, ((after[index] ?? 0) - (before[index] ?? 0)) / seconds]);
  return Object.fromEntries(parts) as unknown as Cost;
}

function report(size: number, seen: Readonly<Record<Way, readonly Cost[]>>, rss: number): void {
  const median = (way: Way, part: Part) =>
    quantile(
      seen[way].map(cost => cost[part]),
      0.5,
    );
  const engine = (way: Way) => median(way, 'dockerd') + median(way, 'containerd') + median(way, 'shims');
  const total = (way: Way) => median(way, 'daemon') * Number(way !== 'stats') + engine(way) + median(way, 'client') - engine('nobody');
  const rows = WAYS.map(way => {
    const parts = PARTS.map(part => median(way, part).toFixed(2));
    const ratio = way === 'nobody' ? '' : (total(way) / total('stats')).toFixed(3);
    return [way, ...parts, (total(way) / size).toFixed(3), ratio];
  });
  console.log(table([`${size} containers: CPU, ms a second`, ...PARTS, 'a container, engine’s rest off', 'of docker stats'], rows));
  console.log(`the daemon with a viewer: ${(median('files', 'daemon') / 10).toFixed(2)} % of a core, RSS ${rss.toFixed(1)} MB`);
  console.log(verdict(`${size}: by cgroup files, of docker stats`, total('files') / total('stats'), GOAL_FILES, '', 3));
  console.log(verdict(`${size}: by the engine’s API, of docker stats`, total('engine') / total('stats'), GOAL_API, '', 3));
  if (size === GOAL_AT)
    console.log(verdict(`${size}: daemon with a viewer, of a core`, median('files', 'daemon') / 10, GOAL_DAEMON, '%', 2));
  console.log('');
}

/** Small ones that do nothing and stay up. */
function composeOf(size: number): string {
  const service = (index: number): string => `  s${index}:
    image: '${IMAGE}'
    command: [sleep, '100000']
    init: true
    stop_grace_period: 0s
    x-laptop-dev: { start: eager, memory: { standard: 8MB, maximum: 16MB } }
`;
  return `services:\n${Array.from({ length: size }, (_, index) => service(index)).join('')}`;
}

async function ok(own: Home, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await own.cli(args, { cwd, timeout: 900_000 });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
}
