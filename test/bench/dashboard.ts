import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MiB } from '../../daemon/shared/bytes.js';
import { inspect } from '../e2e/support/engine.js';
import { home } from '../e2e/support/home.js';
import { openSession, type Session } from '../e2e/support/session.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { cpuTime, footprint } from './support/process.js';
import { benchProject, CHECK, IMAGE } from './support/project.js';
import { figures, madeUpServices, type StreamServer, streamServer } from './support/stream-server.js';

const BIN = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));
const SIZE = { columns: 120, rows: 40 };
const GOAL = { first: 200, cpu: 0.5, rss: 55, message: 5, death: 60 } as const;

/** Counts; `settle` and `over` in seconds. */
interface Options {
  readonly starts?: string;
  readonly messages?: string;
  readonly deaths?: string;
  readonly settle?: string;
  readonly over?: string;
}

/** What the dashboard costs, and how soon it shows what happens: with 20 made-up services, and with containers of this machine that die. */
export async function run({ starts = '30', messages = '200', deaths = '30', settle = '30', over = '60' }: Options): Promise<void> {
  const server = await streamServer(madeUpServices(20));
  try {
    const rows = [await bareNode(Number(starts)), await firstFrames(server, Number(starts))] as const;
    const rest = await atRest(server, Number(settle), Number(over));
    const shown = await messagesShown(server, Number(messages));
    const died = await deathsShown(Number(deaths));
    const times = [...rows, shown, died];
    console.log(`\n${table(['ms', ...COLUMNS], times.map(([name, values]) => [name, ...summary(values)]))}\n`); // biome-ignore format: a line
    console.log(table(['20 services at 1 Hz', 'RSS MB', 'anonymous', 'peak', 'CPU % of a core'], [rest.row], 2));
    console.log(verdict('median of the first frame', quantile(rows[1][1], 0.5), GOAL.first, 'ms'));
    console.log(verdict('p95 from message to terminal', quantile(shown[1], 0.95), GOAL.message, 'ms'));
    console.log(verdict('p95 from death to terminal', quantile(died[1], 0.95), GOAL.death, 'ms'));
    console.log(verdict('RSS', rest.rss, GOAL.rss, 'MB'));
    console.log(verdict('CPU', rest.cpu, GOAL.cpu, '%', 2));
  } finally {
    await server.close();
  }
}

type Times = readonly [string, number[]];

async function bareNode(count: number): Promise<Times> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const begin = performance.now();
    await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close');
    times.push(performance.now() - begin);
  }
  return ['node -e 0', times];
}

function open(socket: string): Session {
  return openSession(process.execPath, [BIN, 'dashboard'], {
    cwd: '/',
    env: { ...strings(process.env), LAPTOP_DEV_SOCKET: socket },
    ...SIZE,
  });
}

/** From the start of the process to the first byte of a frame with the services in it. */
async function firstFrames(server: StreamServer, count: number): Promise<Times> {
  const times: number[] = [];
  for (let at = -2; at < count; at++) {
    const begin = performance.now();
    const session = open(server.socket);
    await new Promise<void>(resolve => session.onData(data => void (data.includes('service-00') && resolve())));
    if (at >= 0) times.push(performance.now() - begin);
    session.kill();
    await session.ended;
  }
  return ['start to first frame, 20 services', times];
}

async function atRest(server: StreamServer, settle: number, over: number) {
  const joined = server.viewer();
  const session = open(server.socket);
  await joined;
  let second = 0;
  const names = madeUpServices(20).map(({ name }) => name);
  const timer = setInterval(() => server.send({ services: names.map(name => figures(name, second)) }), 1_000);
  const counter = setInterval(() => second++, 1_000);
  await seconds(settle);
  const [cpu, begin] = [cpuTime(session.pid), performance.now()];
  await seconds(over);
  const percent = ((cpuTime(session.pid) - cpu) / (performance.now() - begin)) * 100;
  const { rss, anonymous, peak } = footprint(session.pid);
  clearInterval(timer);
  clearInterval(counter);
  session.kill();
  await session.ended;
  return {
    rss: rss / MiB,
    cpu: percent,
    row: [`after ${settle} s, over ${over} s`, rss / MiB, anonymous / MiB, peak / MiB, percent] as const,
  };
}

/** From the call that sends a change of state to the first byte at the terminal. Nothing else changes meanwhile, and nothing counts down. */
async function messagesShown(server: StreamServer, count: number): Promise<Times> {
  const joined = server.viewer();
  const session = open(server.socket);
  await joined;
  await session.until('service-19');
  await seconds(2);
  const times: number[] = [];
  let heard: () => void = () => undefined;
  session.onData(() => heard());
  for (let at = 0; at < count; at++) {
    // Not in step with the ticks of the dashboard.
    await seconds(0.07 + (at % 10) / 100);
    const shown = new Promise<void>(resolve => {
      heard = resolve;
    });
    const begin = performance.now();
    server.send({ services: [{ id: 'bench/service-03', state: at % 2 === 0 ? 'starting' : 'running' }] });
    await shown;
    times.push(performance.now() - begin);
  }
  session.kill();
  await session.ended;
  return ['message to terminal', times];
}

/** From the kill of a container's process to the screen that does not show it as running any more: engine, daemon, stream and dashboard. */
async function deathsShown(count: number): Promise<Times> {
  await tinyImage(ENGINE, IMAGE);
  const own = await home();
  const session = open(own.socket);
  try {
    await own.cli(['daemon', 'start']);
    console.log(machineLine(await own.client.version()));
    const spec = benchProject(`${own.name}-deaths`, own.root, ['victim', 'other'], CHECK);
    for await (const line of own.client.act(spec.name, 'up', { spec, services: null, wait: true })) {
      if (line.type === 'result' && !line.ok) throw new Error(line.error?.message);
    }
    const times: number[] = [];
    for (let at = 0; at < count; at++) {
      await session.until(/victim .*running/);
      const victim = (await own.client.services(spec.name, false)).find(({ name }) => name === 'victim')?.container ?? '';
      const { State } = await inspect(victim);
      await seconds(0.3 + (at % 10) / 20);
      const gone = session.until(screen => !screen.rows().some(row => /victim .*running/.test(row)));
      const begin = performance.now();
      process.kill(State.Pid, 'SIGKILL');
      await gone;
      times.push(performance.now() - begin);
      for await (const _ of own.client.act(spec.name, 'start', { services: ['victim'], wait: true }));
    }
    return ['death of a container to terminal', times];
  } finally {
    session.kill();
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

function strings(env: NodeJS.ProcessEnv): Record<string, string> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = env;
  return Object.fromEntries(Object.entries(rest).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function seconds(count: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, count * 1_000));
}
