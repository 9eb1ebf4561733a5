import { setTimeout as pause } from 'node:timers/promises';
import { MiB } from '../../daemon/shared/bytes.js';
import { type Home, home } from '../e2e/support/home.js';
import { freePorts } from '../e2e/support/ports.js';
import { until } from '../e2e/support/until.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { openStack } from '../on-engine/support/stack.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { DAY, type DayService, dayOf, MINUTES_A_SECOND, type Session } from './support/day.js';
import { quantile, table, verdict } from './support/figures.js';
import { firstByte, talk, untilFirstByte } from './support/first-byte.js';
import { machineLine } from './support/machine.js';
import { type Metered, meter, sum } from './support/meter.js';
import { footprint } from './support/process.js';
import { IMAGE } from './support/project.js';

/** MB·hours on demand of those with all on, percent. */
const GOAL = 40;
const DURATION = (DAY / MINUTES_A_SECOND) * 1000;
/** MB × ms of the bench → MB × hours of the day. */
const HOURS = (MINUTES_A_SECOND * 60) / 3_600_000;

const SERVICES: readonly DayService[] = ['api', 'postgres', 'redis', 'docs', 'llm'];
const TALK = { api: talk('http'), postgres: talk('postgres'), redis: talk('redis'), docs: talk('http'), llm: talk('http') };
/** Real: 15, 10, 10, 10 and 5 minutes. */
const IDLE = { api: '3s', postgres: '2s', redis: '2s', docs: '2s', llm: '1s' };

type Ports = Readonly<Record<DayService, number>>;
type Mode = 'all on' | 'on demand';

interface Day {
  readonly mode: Mode;
  readonly memory: Metered;
  readonly waits: readonly number[];
  readonly failed: number;
  /** The daemon's own, bytes. */
  readonly daemon: number;
}

/**
 * The same requests of a day of eight hours, an hour in 12 s, twice: everything runs all day, published by the engine; and on demand, idle times
 * compressed as the day is. A start is not: it takes 300 times its share of the day, against us.
 */
export async function run({ seed = '1' }: { readonly seed?: string }): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  await (await openStack()).remove(); // makes the images of postgres and redis
  const own = await home();
  try {
    const sessions = dayOf(Number(seed));
    console.log(`${machineLine(await version(own))}\nseed ${seed}: ${sessions.flat().length} requests in ${sessions.length} sessions`);
    report([await live(own, 'all on', sessions), await live(own, 'on demand', sessions)]);
    console.log(`after: ${machineLine(await own.client.version())}`);
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

async function version(own: Home) {
  await own.cli(['daemon', 'start']);
  return own.client.version();
}

async function live(own: Home, mode: Mode, sessions: readonly Session[]): Promise<Day> {
  const [api = 0, postgres = 0, redis = 0, docs = 0, llm = 0] = await freePorts(SERVICES.length);
  const ports = { api, postgres, redis, docs, llm };
  const folder = await own.project(mode.replace(' ', '-'), { 'compose.yaml': composeOf(ports, mode) });
  for (const args of [['init'], ['up']]) await ok(own, args, folder);
  // Postgres sets its database up here, before the day.
  await Promise.all(SERVICES.map(service => untilFirstByte(at(ports, service), TALK[service])));
  if (mode === 'on demand') {
    await until('all sleep', async () => (await own.client.services(null, false)).every(({ state }) => state === 'asleep'));
  }
  const metered = meter(() => own.client.services(null, true), DURATION);
  const begin = performance.now();
  const waits = (await Promise.all(sessions.map(session => waitsOf(session, ports, begin)))).flat();
  const memory = await metered;
  const daemon = footprint(await own.daemonPid()).rss;
  await ok(own, ['down', '--volumes', '--yes'], folder);
  const served = waits.filter(ms => ms !== null);
  return { mode, memory, waits: served, failed: waits.length - served.length, daemon };
}

async function waitsOf(session: Session, ports: Ports, begin: number): Promise<(number | null)[]> {
  const waits: (number | null)[] = [];
  for (const { at: minute, service } of session) {
    await pause(Math.max(0, begin + (minute / MINUTES_A_SECOND) * 1000 - performance.now()));
    waits.push(await firstByte(at(ports, service), TALK[service]));
  }
  return waits;
}

function at(ports: Ports, service: DayService): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: ports[service] };
}

function report(days: readonly Day[]): void {
  const head = ['', ...days.map(({ mode }) => mode)];
  const row = (name: string, of: (day: Day) => number, digits = 0) => [name, ...days.map(day => of(day).toFixed(digits))];
  const hours = ({ memory }: Day, service?: DayService) =>
    (service ? (memory.workingSet.get(service) ?? 0) : sum(memory.workingSet)) * HOURS;
  const rows = [
    ...SERVICES.map(service => row(`${service}, MB·h of working set`, day => hours(day, service))),
    row('all, MB·h of working set', day => hours(day)),
    row('all, MB·h of grants', ({ memory }) => sum(memory.grant) * HOURS),
    row('peak of working sets, MB', ({ memory }) => memory.peakWorkingSet),
    row('peak of grants, MB', ({ memory }) => memory.peakGrant),
    row('requests that failed', ({ failed }) => failed),
    ...[0.5, 0.9, 0.99, 1].map(share => row(`wait p${share * 100}, ms`, ({ waits }) => quantile(waits, share), 1)),
    row('RSS of the daemon at the end, MB', ({ daemon }) => daemon / MiB),
  ];
  console.log(`\n${table(head, rows)}`);
  const [on, demand] = days;
  if (!on || !demand) return;
  console.log(verdict('MB·h on demand, of all on', (hours(demand) / hours(on)) * 100, GOAL, '%'));
  const own = (demand.daemon / MiB) * (DAY / 60);
  console.log(`with the daemon's own ${own.toFixed(0)} MB·h: ${(((hours(demand) + own) / hours(on)) * 100).toFixed(1)} %`);
  console.log(verdict('requests that failed', demand.failed, 0, 'requests', 0));
}

/** `mb` is read into one buffer whose reader never takes it: memory in use, as a server's heap or a model's weights. */
function holder(mb: number): string {
  return JSON.stringify(['sh', '-c', `dd if=/dev/zero bs=${mb}M count=1 | sleep 100000 & exec httpd -f -p 8080 -h /etc`]);
}

function composeOf(ports: Ports, mode: Mode): string {
  const extra = (service: DayService, protocol: string, maximum: number): string => {
    const start = mode === 'all on' ? 'start: eager, idle: never' : `start: on-demand, idle: ${IDLE[service]}`;
    return `x-laptop-dev: { protocol: ${protocol}, ${start}, memory: { standard: ${maximum / 2}MB, maximum: ${maximum}MB } }`;
  };
  const standIn = (service: DayService, mb: number, maximum: number): string => `  ${service}:
    image: '${IMAGE}'
    command: ${holder(mb)}
    ports: ['127.0.0.1:${ports[service]}:8080']
    stop_grace_period: 0s
    ${extra(service, 'http', maximum)}
`;
  return `services:
${standIn('api', 80, 256)}${standIn('docs', 40, 128)}${standIn('llm', 400, 1024)}
  postgres:
    image: laptop-dev/postgres
    environment: { POSTGRES_PASSWORD: day }
    stop_signal: SIGINT
    ports: ['127.0.0.1:${ports.postgres}:5432']
    volumes: ['data:/var/lib/postgresql/data']
    ${extra('postgres', 'postgres', 256)}
  redis:
    image: laptop-dev/redis
    ports: ['127.0.0.1:${ports.redis}:6379']
    ${extra('redis', 'redis', 128)}
volumes:
  data:
`;
}

async function ok(own: Home, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await own.cli(args, { cwd });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
}
