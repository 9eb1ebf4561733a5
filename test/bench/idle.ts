import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { MiB } from '../../daemon/shared/bytes.js';
import { type Home, home } from '../e2e/support/home.js';
import { freePorts } from '../e2e/support/ports.js';
import { until } from '../e2e/support/until.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { table, verdict } from './support/figures.js';
import { firstByte, talk } from './support/first-byte.js';
import { machineLine } from './support/machine.js';
import { cpuTime, footprint } from './support/process.js';
import { IMAGE } from './support/project.js';

const GOAL_RSS = 60;
/** Percent of all cores. */
const GOAL_CPU = 0.1;
const COUNT = 10;

/** Seconds. */
interface Options {
  readonly settle?: string;
  readonly over?: string;
}

/** CPU and memory of the daemon with ten services that sleep, and with ten that run, while nobody watches and nobody connects. */
export async function run({ settle = '30', over = '60' }: Options): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const own = await home();
  try {
    const ports = await freePorts(COUNT);
    const folder = await own.project('idle', { 'compose.yaml': composeOf(ports) });
    for (const args of [['init'], ['up']]) {
      const { code, stderr } = await own.cli(args, { cwd: folder });
      if (code !== 0) throw new Error(stderr);
    }
    console.log(`${machineLine(await own.client.version())}\nsettled ${settle} s, CPU over ${over} s`);
    const rested = [await rest(own, 'asleep', Number(settle), Number(over))];
    await Promise.all(ports.map(port => firstByte({ host: '127.0.0.1', port }, talk('http'))));
    rested.push(await rest(own, 'running', Number(settle), Number(over)));
    report(rested);
    console.log(`after: ${machineLine(await own.client.version())}`);
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

interface Rested {
  readonly state: string;
  readonly rss: number;
  readonly anonymous: number;
  readonly peak: number;
  /** Of all cores, percent. */
  readonly cpu: number;
}

async function rest(own: Home, state: 'asleep' | 'running', settle: number, over: number): Promise<Rested> {
  await until(`${COUNT} services are ${state}`, async () => {
    const services = await own.client.services(null, false);
    return services.length === COUNT && services.every(service => service.state === state);
  });
  const pid = await own.daemonPid();
  await pause(settle * 1000);
  const used = cpuTime(pid);
  const begin = performance.now();
  await pause(over * 1000);
  const cpu = ((cpuTime(pid) - used) / ((performance.now() - begin) * cpus().length)) * 100;
  return { state, cpu, ...footprint(pid) };
}

function report(all: readonly Rested[]): void {
  const rows = all.map(({ state, rss, anonymous, peak, cpu }) => [
    `${COUNT} ${state}`,
    ...[rss, anonymous, peak].map(bytes => (bytes / MiB).toFixed(1)),
    cpu.toFixed(3),
  ]);
  console.log(`\n${table(['', 'RSS, MB', 'anonymous', 'peak', 'CPU, % of all cores'], rows)}`);
  for (const { state, rss, cpu } of all) {
    console.log(verdict(`RSS, ${COUNT} ${state}`, rss / MiB, GOAL_RSS, 'MB'));
    console.log(verdict(`CPU, ${COUNT} ${state}`, cpu, GOAL_CPU, '%', 3));
  }
}

function composeOf(ports: readonly number[]): string {
  const service = (port: number, index: number): string => `  s${index}:
    image: '${IMAGE}'
    command: [httpd, '-f', '-p', '8080', '-h', /etc]
    ports: ['127.0.0.1:${port}:8080']
    stop_grace_period: 0s
    x-laptop-dev: { protocol: http, start: on-demand, idle: 1h, memory: { standard: 16MB, maximum: 32MB } }
`;
  return `services:\n${ports.map(service).join('')}`;
}
