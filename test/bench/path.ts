import { execFile } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { promisify } from 'node:util';
import { untilReady } from '../../daemon/activation/probe.js';
import type { Target } from '../../daemon/ports/listeners.js';
import { runClient } from '../on-engine/support/clients.js';
import { openStack, type Stack } from '../on-engine/support/stack.js';
import { quantile, table } from './support/figures.js';
import { isInstalled, openPaths, type Path } from './support/paths.js';
import { cpuTime } from './support/process.js';

/** What one run of a load measured: work done a second (requests, transactions or MB), its p99 in ms where the tool tells one, and how much was done. */
interface Figure {
  readonly rate: number;
  readonly p99: number | null;
  readonly done: number;
}
interface Load {
  readonly name: string;
  readonly unit: string;
  run(at: Target): Promise<Figure>;
}
type Sample = Figure & { /** CPU time of the proxy, µs for each unit of work. */ readonly cpu: number };

/** MB in one value, and in one run of the stream. */
const BIG = 16;
const STREAM = 256;
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** The warm path: the splice and the kernel's redirect against the engine's own published port, haproxy, systemd-socket-proxyd, and nothing in between. */
export async function run({ rounds = '15', only = '' }: { readonly rounds?: string; readonly only?: string }): Promise<void> {
  const stack = await openStack();
  try {
    const redis = await serving(stack, 'redis', {});
    const postgres = await serving(stack, 'postgres', { POSTGRES_PASSWORD: 'x', POSTGRES_HOST_AUTH_METHOD: 'trust' });
    const load = () => loadavg()[0]?.toFixed(1);
    console.log(
      `${cpus().length} cores, Linux ${release().split('-')[0]}, Node ${process.versions.node}; ${rounds} rounds; load before ${load()}`,
    );
    console.log(
      'median / best round; a ratio is the median of ratios within one round, and that of the best rounds; CPU is that of the proxy\n',
    );
    await stack.exec('redis', 'redis-cli', 'setrange', 'big', `${BIG * 1024 * 1024 - 1}`, 'x');
    await compare(redis, 'redis', redisLoads(stack), Number(rounds), only);
    await stack.exec('postgres', 'pgbench', '-i', '-q', '-U', 'postgres', 'postgres');
    await compare(postgres, 'postgres', postgresLoads(stack), Number(rounds), only);
    console.log(`load after ${load()}`);
  } finally {
    await stack.remove();
  }
}

interface Served {
  readonly direct: Target;
  readonly published: Target;
}

async function serving(stack: Stack, name: 'redis' | 'postgres', environment: Readonly<Record<string, string>>): Promise<Served> {
  const [host = '', port] = (await stack.run(name, environment)).split(':');
  const networks = Object.values((await stack.container(name).inspect()).NetworkSettings.Networks);
  const direct = { host: networks[0]?.IPAddress ?? '', port: name === 'redis' ? 6379 : 5432 };
  if (!(await untilReady({ protocol: name, target: direct }, AbortSignal.timeout(60_000)))) throw new Error(await stack.logs(name));
  return { direct, published: { host, port: Number(port) } };
}

async function compare(
  { direct, published }: Served,
  protocol: 'redis' | 'postgres',
  loads: readonly Load[],
  rounds: number,
  only: string,
) {
  const paths = await openPaths(direct, published, protocol);
  try {
    for (const load of loads.filter(({ name }) => name.includes(only))) {
      const samples = new Map<Path, Sample[]>(paths.map(path => [path, []]));
      for (let round = 0; round < rounds; round += 1) {
        for (const path of paths) samples.get(path)?.push(await measure(load, path));
      }
      console.log(`${load.name}\n${tableOf(load, samples)}\n`);
    }
  } finally {
    for (const path of paths) await path.close();
  }
}

async function measure(load: Load, { at, pids }: Path): Promise<Sample> {
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuTime(pid), 0);
  const before = cpu();
  const figure = await load.run(at);
  return { ...figure, cpu: ((cpu() - before) * 1000) / figure.done };
}

function tableOf({ unit }: Load, samples: ReadonlyMap<Path, readonly Sample[]>): string {
  const of = (name: string): readonly Sample[] => [...samples].find(([path]) => path.name === name)?.[1] ?? [];
  const [direct, engine, haproxy] = [of('direct'), of('docker-proxy'), of('haproxy')];
  const rows = [...samples].map(([{ name, pids }, mine]) => {
    const p99 = mine.map(sample => sample.p99 ?? Number.NaN);
    const hasP99 = p99.every(Number.isFinite);
    return [
      name,
      `${median(mine.map(({ rate }) => rate)).toFixed(0)} / ${best(mine).toFixed(0)}`,
      against(mine, direct),
      against(mine, engine),
      against(mine, haproxy),
      hasP99 ? `${median(p99).toFixed(2)} / ${Math.min(...p99).toFixed(2)}` : '–',
      pids.length > 0 ? median(mine.map(({ cpu }) => cpu)).toFixed(2) : '–',
    ];
  });
  return table(['median / best', unit, '× direct', '× docker-proxy', '× haproxy', 'p99 ms', 'CPU µs each'], rows);
}

function best(samples: readonly Sample[]): number {
  return Math.max(...samples.map(({ rate }) => rate));
}

/** The median of the ratios within a round, and the ratio of the best rounds: of those that neighbours disturbed least. */
function against(mine: readonly Sample[], other: readonly Sample[]): string {
  const ratios = mine.flatMap(({ rate }, round) => (other[round] ? [rate / other[round].rate] : []));
  return ratios.length > 0 ? `${median(ratios).toFixed(2)} / ${(best(mine) / best(other)).toFixed(2)}` : '–';
}

/** From this machine where the tool is installed, else out of the stack's image on the host's network. */
async function tool(stack: Stack, image: string, command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  if (isInstalled(program)) return (await promisify(execFile)(program, args)).stdout;
  return (await runClient(stack.engine, image, ...command)).stdout;
}

function redisLoads(stack: Stack): readonly Load[] {
  const benchmark = async ({ host, port }: Target, ...args: string[]): Promise<readonly number[]> => {
    const out = await tool(stack, 'laptop-dev/redis', ['redis-benchmark', '-h', host, '-p', `${port}`, '--csv', ...args]);
    return (out.trim().split('\n').at(-1) ?? '').split('","').map(cell => Number(cell.replaceAll('"', '')));
  };
  const get = (clients: number, pipeline: number): Load => ({
    name: `redis-benchmark GET, ${clients} clients, pipeline ${pipeline}`,
    unit: 'requests/s',
    run: async at => {
      const done = pipeline > 1 ? 80_000 : clients > 1 ? 6000 : 3000;
      const columns = await benchmark(at, '-t', 'get', '-c', `${clients}`, '-P', `${pipeline}`, '-n', `${done}`);
      return { rate: columns[1] ?? 0, p99: columns[6] ?? null, done };
    },
  });
  const stream: Load = {
    name: `a stream: values of ${BIG} MB, 1 client`,
    unit: 'MB/s',
    run: async at => {
      const columns = await benchmark(at, '-c', '1', '-n', `${STREAM / BIG}`, 'get', 'big');
      return { rate: (columns[1] ?? 0) * BIG, p99: null, done: STREAM };
    },
  };
  return [...[1, 10, 50].flatMap(clients => [get(clients, 1), get(clients, 16)]), stream];
}

function postgresLoads(stack: Stack): readonly Load[] {
  return [1, 10].map(clients => ({
    name: `pgbench -S, ${clients} clients`,
    unit: 'transactions/s',
    run: async ({ host, port }) => {
      const command = [
        'pgbench',
        '-h',
        host,
        '-p',
        `${port}`,
        '-U',
        'postgres',
        '-S',
        '-n',
        '-c',
        `${clients}`,
        '-t',
        `${2000 / clients}`,
        'postgres',
      ];
      const out = await tool(stack, 'laptop-dev/postgres', command);
      const read = (pattern: RegExp): number => Number(pattern.exec(out)?.[1]);
      return { rate: read(/tps = ([\d.]+)/), p99: null, done: read(/actually processed: (\d+)/) };
    },
  }));
}
