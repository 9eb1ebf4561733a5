import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../daemon/api/plan.js';
import type { BudgetView } from '../../daemon/api/views.js';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { detailsOf } from '../support/failures.js';
import { BIN } from './support/cli.js';
import type { Home } from './support/home.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { statesIn, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

const IDLE = 1_000;
/** How long a lease outlasts its holder. */
const TTL = 2_000;

let own: Home;
let folder: string;
let services: Record<'db' | 'cache' | 'spare', Sleeper>;
/** Everything that was started here, and is ended at the end where a test did not. */
const children: ChildProcess[] = [];

beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_LEASE: `${TTL}ms`, LAPTOP_DEV_PATIENCE: '2s', LAPTOP_DEV_MIN_UPTIME: '0s' });
  const each = { memory: '{ standard: 64MB, maximum: 64MB }', idle: `${IDLE}ms` };
  const made = await sleepers(own, 'leases', { db: each, cache: each, spare: each });
  folder = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await own?.close();
});

const states = () => statesIn(own, folder);
const asleep = (...names: string[]) =>
  until(`${names.join(', ')} asleep`, async () => {
    const now = await states();
    return names.every(name => now.includes(`${name} asleep`));
  });
const laptop = (...args: string[]) => own.cli(args, { cwd: folder });
/** Nothing happens, which no event tells. */
async function passes(ms: number): Promise<void> {
  const before = performance.now();
  await until(`${ms} ms are over`, () => performance.now() - before > ms);
}

/** A `laptop-dev run` that is under way; `command` is a shell's. */
function runWith(names: string, command: string) {
  const args = [BIN, 'run', '--with', names, '--', 'sh', '-c', command];
  const child = spawn(process.execPath, args, { cwd: folder, env: own.env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, stdout: text(child.stdout), ended };
}

/** The command of a `laptop-dev run`, once it has been started. */
const commandOf = ({ pid }: ChildProcess) =>
  until('the command runs', () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || null);
const leaseOf = async (name: string) => (await own.client.leases()).find(lease => lease.services.includes(name));

describe.sequential('laptop-dev run --with', () => {
  it('wakes what is named, holds it while the command runs however silent, and exits as the command does', async () => {
    await asleep('db', 'cache', 'spare');
    const fetches = Object.values([services.db, services.cache]).map(({ port }) => `http://127.0.0.1:${port}/`);
    const script = `Promise.all(${JSON.stringify(fetches)}.map(async url => (await (await fetch(url)).text()).trim())).then(all => console.log(all.join()))`;
    const end = join(own.root, 'end');
    const { stdout, ended, child } = runWith('db,cache', `node -e '${script}'; until test -e ${end}; do sleep 0.05; done; exit 7`);
    await commandOf(child);
    await passes(2 * IDLE + TTL); // it would sleep by now, and a lease that nobody renews would be over
    expect(await states()).toEqual(['cache running', 'db running', 'spare asleep']);
    expect((await viewIn(own, folder, 'db')).why).toMatch(/leased by laptop-dev run \(sh -c /);
    writeFileSync(end, '');
    expect(await ended).toEqual({ code: 7, signal: null });
    expect(await stdout).toBe('db,cache\n');
    expect(await own.client.leases()).toEqual([]);
    await asleep('db', 'cache');
  });

  it('takes its lease again from a daemon that was killed', async () => {
    const { child } = runWith('db', 'exec sleep 1000');
    await commandOf(child);
    process.kill(await own.daemonPid(), 'SIGKILL');
    await own.ask(['daemon', 'start']);
    await until('it is leased again', () => leaseOf('db'));
    process.kill(await commandOf(child), 'SIGKILL');
    await asleep('db');
  });
});

// Beside each other, each with a service of its own: most of the time they wait.
describe.concurrent('the command of laptop-dev run --with', () => {
  it.sequential('lets go at once when the command is killed', async () => {
    const { child, ended } = runWith('db', 'exec sleep 1000');
    process.kill(await commandOf(child), 'SIGKILL');
    expect(await ended).toEqual({ code: 137, signal: null });
    expect(await leaseOf('db')).toBeUndefined();
    await asleep('db');
  });

  it.sequential('passes SIGTERM on to its command, and lets go', async () => {
    const trapped = join(own.root, 'trapped');
    const { child, ended } = runWith('db', `trap "exit 5" TERM; touch ${trapped}; while :; do sleep 0.05; done`);
    await until('the shell has set its trap', () => existsSync(trapped));
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 5, signal: null });
    expect(await leaseOf('db')).toBeUndefined();
  });
});

describe.concurrent('laptop-dev run --with itself', () => {
  it.sequential('lets go a little later when it is killed itself: nobody renews its lease', async () => {
    const { child, ended } = runWith('cache', 'exec sleep 1000');
    const command = await commandOf(child);
    await passes(TTL + IDLE);
    expect(await leaseOf('cache')).toMatchObject({ holder: 'client', remaining: expect.toSatisfy((ms: number) => ms > 0 && ms <= TTL) });
    child.kill('SIGKILL');
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    process.kill(command, 0); // the command itself goes on
    process.kill(command, 'SIGKILL');
    await until('the lease has run out', async () => (await leaseOf('cache')) === undefined);
    await asleep('cache');
  });

  it.sequential('says what it cannot do: a service that is not there, a command that is not, none named; nothing is held', async () => {
    expect((await laptop('run', '--with', 'dbb', '--', 'true')).stderr).toContain('Did you mean db?');
    expect(await laptop('run', '--with', 'cache', '--', 'no-such-command')).toMatchObject({ code: 2 });
    expect(await laptop('run', '--', 'true')).toMatchObject({ code: 2, stderr: expect.stringContaining('run needs --with') });
    expect(await leaseOf('cache')).toBeUndefined();
  });
});

describe.concurrent('a pin', () => {
  it.sequential('for a time: it stays awake so long, then its idle time begins', async () => {
    await asleep('spare');
    const { stdout } = await laptop('pin', 'spare', '--for', '10s');
    expect(stdout).toContain('spare: pinned for 10 s');
    await until('it runs', async () => (await states()).includes('spare running'));
    expect((await viewIn(own, folder, 'spare')).why).toMatch(/pinned for (?:\d|10) s more/);
    await passes(2 * IDLE);
    expect(await states()).toContain('spare running');
    await asleep('spare');
    expect(await leaseOf('spare')).toBeUndefined();
  });
});

describe.sequential('pins', () => {
  it('without a time: until unpin, also over a restart of the daemon', async () => {
    await laptop('pin', 'db', 'cache');
    process.kill(await own.daemonPid(), 'SIGKILL');
    await own.ask(['daemon', 'start']);
    await passes(2 * IDLE);
    expect(await states()).toEqual(['cache running', 'db running', 'spare asleep']);
    expect((await viewIn(own, folder, 'db')).why).toContain('pinned');
    expect((await laptop('unpin', 'db')).stdout).toContain('db: may sleep again');
    await asleep('db');
    expect(await states()).toContain('cache running');
  });
});

describe.sequential('the budget', () => {
  const budget = () => own.ask<BudgetView>(['budget']);

  it('is set while the daemon runs, is shown with who holds what, and outlasts the daemon', async () => {
    expect((await laptop('budget', 'set', '4GB')).stdout).toContain('The budget is 4 GB.');
    expect(await budget()).toMatchObject({ budget: 4 * GiB, granted: 64 * MiB, holders: [{ service: 'cache', grant: 64 * MiB }] });
    const lines = (await laptop('budget')).stdout.split('\n');
    expect(lines[0]).toBe('64 MB of 4 GB granted (2 %), 3.9 GB free');
    expect(lines[1]).toMatch(/^[█▒░]{79}$/);
    expect(lines.slice(4, 6).map(line => line.trim().split(/ {2,}/))).toEqual([
      ['PROJECT', 'SERVICE', 'STATE', 'IN USE', 'STANDARD', 'GRANT', 'MAXIMUM'],
      [`${own.name}-leases`, 'cache', 'running', expect.stringMatching(/ [KM]B$/), '64 MB', '64 MB', '64 MB'],
    ]);
    await own.ask(['daemon', 'stop']);
    await own.ask(['daemon', 'start']);
    expect((await budget()).budget).toBe(4 * GiB);
  });

  it('is refused below what is held and cannot be taken back, with who holds it, and nothing changes', async () => {
    await laptop('pin', 'db', 'cache');
    expect(await get(services.spare)).toMatchObject({ status: 200 });
    const refused = await own.cli(['budget', 'set', '100MB', '--json'], { cwd: folder });
    expect(refused.code).toBe(5);
    const error = refused.error();
    expect(error.message).toMatch(/^\d+ MB are granted, \d+ MB more than 100 MB/);
    const holders = detailsOf(error, 'over-budget').holders.flatMap(each => ('id' in each ? [each] : []));
    expect(
      holders
        .filter(({ keptBecause }) => keptBecause === 'pinned')
        .map(({ id }) => id.split('/')[1])
        .sort(),
    ).toEqual(['cache', 'db']);
    expect((await budget()).budget).toBe(4 * GiB);
  });

  it('takes back what is idle, and then holds for those who connect', async () => {
    await asleep('spare');
    const { plan } = await own.ask<{ plan: Plan }>(['budget', 'set', '128MB'], { cwd: folder });
    expect(plan).toMatchObject({ budget: 128 * MiB, evicts: [], shrinks: [] });
    const { status, body } = await get(services.spare);
    expect([status, JSON.parse(body)]).toMatchObject([
      503,
      { error: { code: 'over-budget', details: { budget: 128 * MiB, holders: [{ keptBecause: 'pinned' }, { keptBecause: 'pinned' }] } } },
    ]);
    expect((await laptop('budget', 'set', '192MB')).code).toBe(0);
    expect(await get(services.spare)).toMatchObject({ status: 200, body: 'spare' });
    expect((await laptop('unpin')).code).toBe(0);
    await asleep('db', 'cache', 'spare');
    expect((await laptop('budget', 'set', 'default')).code).toBe(0);
    expect((await budget()).budget).toBeGreaterThan(192 * MiB);
  });

  it('of the environment has the last word', async () => {
    await own.ask(['daemon', 'stop']);
    await own.cli(['daemon', 'start'], { env: { LAPTOP_DEV_BUDGET: '1GB' } });
    const refused = await own.cli(['budget', 'set', '2GB', '--json'], { cwd: folder });
    expect(refused.error()).toMatchObject({ code: 'config-invalid', message: expect.stringContaining('LAPTOP_DEV_BUDGET') });
    expect((await budget()).budget).toBe(GiB);
  });
});
