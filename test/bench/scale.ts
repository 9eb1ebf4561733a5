import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { createActivator } from '../../daemon/activation/activator.js';
import type { ServiceId } from '../../daemon/model/spec.js';
import type { Log } from '../../daemon/ports/ports.js';
import { decide } from '../../daemon/scheduler/decide.js';
import { DEFAULT_POLICY, type Policy } from '../../daemon/scheduler/policy/policy.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import { idOf } from '../../daemon/scheduler/state/world.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from '../scheduler/support/driver.js';
import { sleeper } from '../scheduler/support/households.js';
import { project } from '../scheduler/support/specs.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { footprint } from './support/process.js';

const SIZES = [10, 100, 500, 1_000];
const GOAL_AT = 500;
const GOAL_P99 = 1;
const LISTENERS = 1_000;
const PER_PROJECT = 10;
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** decide() with many services, by what it decides, and many open listeners. Neither needs an engine. */
export async function run({ samples = '1000' }: { readonly samples?: string }): Promise<void> {
  console.log(`${machineLine({ engine: null })}\n`);
  const rows: (readonly (string | number)[])[] = [];
  const goals: string[] = [];
  for (const size of SIZES) {
    for (const [what, times] of decisions(size, Number(samples))) {
      rows.push([`${size} services: ${what}`, ...summary(times), quantile(times, 0.99)]);
      if (size === GOAL_AT) goals.push(verdict(`p99 of decide(), ${what}, ${size} services`, quantile(times, 0.99), GOAL_P99, 'ms', 3));
    }
  }
  console.log(table(['decide(), CPU ms', ...COLUMNS, 'p99'], rows, 3));
  for (const goal of goals) console.log(goal);
  console.log(`\n${await listeners()}`);
}

/** Half of them run and fill the budget; the other half sleeps. */
function house(size: number): Driver {
  const policy: Policy = { ...DEFAULT_POLICY, budget: (size / 2) * 100 * MiB };
  const driver = new Driver(policy).boot();
  for (let first = 0; first < size; first += PER_PROJECT) {
    const names = Array.from({ length: PER_PROJECT }, (_, index) => `s${first + index}`);
    const entries = names.map((name, index) => [
      name,
      sleeper(10_000 + first + index, 900, { memory: [100, 100], dependsOn: index > 0 && index < 3 ? [names[0] ?? ''] : [] }),
    ]);
    driver.up(project(`p${first / PER_PROJECT}`, Object.fromEntries(entries)));
    driver.settle();
  }
  const ids = [...driver.world.services.keys()];
  for (const id of ids.filter((_, index) => index % PER_PROJECT < PER_PROJECT / 2)) {
    driver.send({ kind: 'wakeRequested', id });
    driver.settle();
  }
  driver.now = 300_000;
  return driver;
}

function decisions(size: number, count: number): [string, number[]][] {
  const driver = house(size);
  const entries = [...driver.world.services];
  const asleep = entries.filter(([, entry]) => !entry.awake).map(([id]) => id);
  const services = entries.flatMap(([id, { state }]) =>
    state.kind === 'running' ? [{ id, container: state.container, workingSet: 60 * MiB, cpu: 0 }] : [],
  );
  const host = { at: driver.now, total: 16_000 * MiB, available: 8_000 * MiB, psi: null, swapIn: null, refaults: null };
  const use = (id: ServiceId): Event => ({
    kind: 'used',
    uses: [{ id, connections: 1, holding: true, moving: false, execs: 0, lastByteAt: driver.now }],
  });
  const kinds: [string, (turn: number) => Event][] = [
    ['a tick', () => ({ kind: 'tick' })],
    ['a use', turn => use(entries[turn % entries.length]?.[0] ?? idOf({ project: '', name: '' }))],
    ['a request that evicts', turn => ({ kind: 'wakeRequested', id: asleep[turn % asleep.length] ?? idOf({ project: '', name: '' }) })],
    ['samples of all', () => ({ kind: 'sampled', services, host })],
  ];
  return kinds.map(([what, event]) => [what, timed(driver, event, count)]);
}

/**
 * The world is the same for each: what is decided is thrown away. CPU time of the process in ms: what neighbours take of a busy
 * machine does not count, collecting the garbage of a decision does.
 */
function timed(driver: Driver, event: (turn: number) => Event, count: number): number[] {
  const times: number[] = [];
  for (let turn = -count; turn < count; turn++) {
    const given = event(Math.abs(turn));
    const begin = process.cpuUsage();
    decide(driver.world, given, driver.policy, driver.now);
    const { user, system } = process.cpuUsage(begin);
    if (turn >= 0) times.push((user + system) / 1_000);
  }
  return times;
}

/** A thousand listeners in front of one echo server: how long they take to open, what they weigh, and whether each answers. */
async function listeners(): Promise<string> {
  const { server, port } = await echo();
  const before = footprint(process.pid).rss;
  const target = { host: '127.0.0.1', port };
  const hooks = { target: () => target, wake: async () => target, changed: () => undefined, spoke: () => undefined };
  const opened = createActivator(hooks, { log: SILENT, clock: { now: () => performance.now(), wall: Date.now } });
  const first = 20_000;
  const wanted = Array.from({ length: LISTENERS }, (_, index) => ({
    service: idOf({ project: 'p', name: `s${index}` }),
    hostIp: '127.0.0.1',
    port: first + index,
    containerPort: 80,
    protocol: 'tcp' as const,
    certain: true,
    holdBlocked: false,
    from: null,
  }));
  const begin = performance.now();
  const failed = await opened.set(wanted);
  const openMs = performance.now() - begin;
  const rss = footprint(process.pid).rss - before;
  const taken = new Set(failed.map(({ listener }) => listener.port));
  const times: number[] = [];
  for (const { port: at } of wanted) if (!taken.has(at)) times.push(await roundTrip(at));
  await opened.close();
  server.close();
  const head = [`${LISTENERS - failed.length} listeners`, ...COLUMNS];
  const rows = [['connect and first byte back, ms', ...summary(times)]];
  const weight = `opened in ${openMs.toFixed(0)} ms; RSS + ${(rss / MiB).toFixed(1)} MB (${(rss / 1024 / LISTENERS).toFixed(1)} KB each); ports that others have: ${failed.length}`;
  return `${table(head, rows, 2)}\n${weight}`;
}

async function echo(): Promise<{ server: Server; port: number }> {
  const server = createServer(socket => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

async function roundTrip(port: number): Promise<number> {
  const begin = performance.now();
  const socket = connect(port, '127.0.0.1');
  socket.write('?');
  await once(socket, 'data');
  const ms = performance.now() - begin;
  socket.destroy();
  return ms;
}
