import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { engine } from '../e2e/support/engine.js';
import { type Home, home } from '../e2e/support/home.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { IMAGE } from './support/project.js';

const BIN = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../../scripts/laptop-dev.sh', import.meta.url));
const GOAL_PS = 150;
const GOAL_UP = 1_000;
const WARM_UP = 2;

const COMPOSE = `
services:
  one: { image: '${IMAGE}', command: [sleep, '100000'], stop_grace_period: 0s, healthcheck: { test: [CMD, 'true'], interval: 30s } }
  two: { image: '${IMAGE}', command: [sleep, '100000'], stop_grace_period: 0s, healthcheck: { test: [CMD, 'true'], interval: 30s } }
  three: { image: '${IMAGE}', command: [sleep, '100000'], stop_grace_period: 0s, depends_on: [one, two] }
`;

/** Wall time of one run of a command, ms. */
interface Wall {
  readonly first: number;
  readonly end: number;
}

/** How long people wait for the command line: `ps`, and an `up` that finds nothing to do, against a bare `node -e 0`. */
export async function run({ samples = '20' }: { readonly samples?: string }): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const own = await home();
  try {
    const folder = await own.project('cli', { 'compose.yaml': COMPOSE });
    await ok(own, ['init'], folder);
    await ok(own, ['up'], folder);
    const before = await ids(own);
    console.log(machineLine(await own.client.version()));
    const walls = await measure(own, folder, Number(samples));
    report(walls);
    if ((await ids(own)) !== before) throw new Error('an `up` with nothing to do has replaced a container');
  } finally {
    await own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

type Name = 'node -e 0' | 'ps' | 'up' | 'up, scripts/laptop-dev.sh';
type Walls = Readonly<Record<Name, Wall[]>>;

/** One of each in turn, so that a busy moment hits all alike. */
async function measure(own: Home, folder: string, samples: number): Promise<Walls> {
  const walls: Walls = { 'node -e 0': [], ps: [], up: [], 'up, scripts/laptop-dev.sh': [] };
  const node = process.execPath;
  const commands: Readonly<Record<Name, readonly string[]>> = {
    'node -e 0': [node, '-e', '0'],
    ps: [node, BIN, 'ps'],
    up: [node, BIN, 'up'],
    'up, scripts/laptop-dev.sh': [SCRIPT, 'up'],
  };
  for (let round = -WARM_UP; round < samples; round++) {
    for (const name of Object.keys(commands) as Name[]) {
      const wall = await timed(commands[name], own.env, folder);
      if (round >= 0) walls[name].push(wall);
    }
  }
  return walls;
}

function report(walls: Walls): void {
  const ends = (name: Name): number[] => walls[name].map(({ end }) => end);
  const firsts = walls.ps.map(({ first }) => first);
  const beyond = firsts.map((ms, index) => ms - (walls['node -e 0'][index]?.end ?? 0));
  const rows: [string, readonly number[]][] = [
    ['node -e 0, to its end', ends('node -e 0')],
    ['ps, first output', firsts],
    ['ps, first output, less node -e 0', beyond],
    ['ps, to its end', ends('ps')],
    ['up with nothing to do', ends('up')],
    ['up with nothing to do, scripts/laptop-dev.sh', ends('up, scripts/laptop-dev.sh')],
  ];
  console.log(
    `\n${table(
      ['ms', ...COLUMNS],
      rows.map(([name, values]) => [name, ...summary(values)]),
    )}`,
  );
  console.log(verdict('p95 of the first output of ps', quantile(firsts, 0.95), GOAL_PS, 'ms'));
  console.log(verdict('p95 of up with nothing to do', quantile(ends('up, scripts/laptop-dev.sh'), 0.95), GOAL_UP, 'ms'));
}

async function timed([program = '', ...args]: readonly string[], env: Home['env'], cwd: string): Promise<Wall> {
  const begin = performance.now();
  let first = Number.NaN;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout?.on('data', () => {
    if (Number.isNaN(first)) first = performance.now() - begin;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { first, end: performance.now() - begin };
}

async function ok(own: Home, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await own.cli(args, { cwd });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
}

async function ids(own: Home): Promise<string> {
  const containers = await own.containers();
  const started = await Promise.all(
    containers.map(async ({ Id }) => (await engine<{ State: { StartedAt: string } }>('GET', `/containers/${Id}/json`)).State.StartedAt),
  );
  return containers
    .map(({ Id }, index) => `${Id} ${started[index]}`)
    .sort()
    .join();
}
