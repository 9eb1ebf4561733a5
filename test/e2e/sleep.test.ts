import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { Plan } from '../../daemon/api/plan.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { bytes, connected } from '../activation/harness.js';
import { type Outcome, runClient } from '../on-engine/support/clients.js';
import { ensureNft, nft } from '../on-engine/support/nft.js';
import { ENGINE, openEngine } from '../on-engine/support/open-engine.js';
import { DEEP, some } from '../support/deep.js';
import { Random } from './kill9/random.js';
import { ensureProgram } from './support/debian.js';
import { done, type Home, home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { patience, until } from './support/until.js';

/** What goes with a connection while its service is awake. Most of what clients see is the same in both: a run looks at that in one of them. */
const PATHS = ['splice', 'auto'] as const;
const taken = some(PATHS, 1);

/** The built-in stack with nothing eager; short idle times, so that sleep comes while one watches. */
const sleepy = (path: (typeof PATHS)[number]) => `
name: sleepy
extends: base
services:
  api: { start: on-demand, idle: 6s }
  postgres: { start: on-demand, idle: 3s, path: ${path} }
  redis: { start: on-demand, idle: 2s, path: ${path} }
`;
const PASSWORD = 'laptop-dev';

interface Done {
  readonly plan: Plan;
  readonly services: readonly ServiceView[];
}

const engine = openEngine(ENGINE);
let laptop: Home;
let folder: string;
let ports: { api: number; postgres: number; redis: number };

beforeAll(async () => {
  await ensureProgram('curl');
  laptop = await home();
  const [api = 0, postgres = 0, redis = 0] = await freePorts(3);
  ports = { api, postgres, redis };
  Object.assign(laptop.env, {
    COMPOSE_PROJECT_NAME: laptop.name,
    API_PORT: `${api}`,
    POSTGRES_PORT: `${postgres}`,
    REDIS_PORT: `${redis}`,
  });
  folder = await laptop.project('sleepy', { 'laptop-dev.yaml': sleepy('splice') });
  // The images are made here, so that no client waits for them.
  await laptop.ask<Done>(['up', 'api'], { cwd: folder, timeout: patience(900_000) });
  await laptop.ask<Done>(['stop'], { cwd: folder });
  await laptop.ask<Done>(['up'], { cwd: folder });
}, patience(900_000));
afterAll(() => laptop?.close());

const views = (): Promise<readonly ServiceView[]> => laptop.services(folder);
const stateOf = async (name: string) => (await views()).find(view => view.name === name)?.state;
const states = async () => Object.fromEntries((await views()).map(({ name, state }) => [name, state]));
const asleep = (...names: string[]) =>
  until(
    `${names.join(', ')} asleep`,
    async () => {
      const now = await states();
      return names.every(name => now[name] === 'asleep');
    },
    60_000,
  );

const psql = (...args: string[]): Promise<Outcome> =>
  runClient(
    engine,
    'laptop-dev/postgres',
    'env',
    `PGPASSWORD=${PASSWORD}`,
    ...args,
    '-h',
    '127.0.0.1',
    '-p',
    `${ports.postgres}`,
    '-U',
    'postgres',
  );
const redis = (...args: string[]): Promise<Outcome> =>
  runClient(engine, 'laptop-dev/redis', args[0] ?? '', '-p', `${ports.redis}`, ...args.slice(1));
const pool = (max: number) =>
  new Pool({ host: '127.0.0.1', port: ports.postgres, user: 'postgres', password: PASSWORD, database: 'app', max, idleTimeoutMillis: 0 });

/** In this process: a client in a container takes its time to go, in which postgres may fall asleep again. */
async function wakePostgres(): Promise<void> {
  const one = pool(1);
  expect((await one.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await one.end();
}

/** Both ways to carry a warm connection keep these. Those of postgres and of redis go side by side. */
function ofClients(): void {
  it.concurrent('psql and pgbench wake postgres', async () => {
    expect(await psql('psql', '-At', '-c', 'select 6 * 7')).toMatchObject({ code: 0, stdout: '42\n' });
    await asleep('postgres');
    expect(await psql('pgbench', '-i', '-q', 'app')).toMatchObject({ code: 0 });
    const run = await psql('pgbench', '-S', '-c', '4', '-t', '100', 'app');
    expect(run.stdout).toContain('number of transactions actually processed: 400/400');
  });

  it.concurrent('redis-cli and redis-benchmark wake redis', async () => {
    expect(await redis('redis-cli', 'set', 'word', 'kept')).toMatchObject({ code: 0, stdout: 'OK\n' });
    await asleep('redis');
    expect(await redis('redis-cli', 'get', 'word')).toMatchObject({ code: 0, stdout: 'kept\n' });
    const run = await redis('redis-benchmark', '-q', '-n', '2000', '-c', '10', '-t', 'set,get');
    expect(run.stdout).toMatch(/GET: [\d.]+ requests per second/);
  });
}

/** As above. */
function ofSilentPool(): void {
  it.concurrent('twenty silent connections do not hold postgres; the next query of their pool wakes it', async () => {
    const clients = pool(20);
    clients.on('error', () => undefined); // an idle client that the server closed: the pool makes another
    const all = await Promise.all(Array.from({ length: 20 }, () => clients.connect()));
    for (const client of all) client.release();
    await asleep('postgres');
    expect((await clients.query('select 40 + 2 as answer')).rows).toEqual([{ answer: 42 }]);
    await clients.end();
  });
}

/** As above. */
function ofTransaction(): void {
  it.concurrent('an open transaction holds postgres beyond its idle time', async () => {
    const clients = pool(1);
    const client = await clients.connect();
    await client.query('begin');
    await client.query('create temporary table mine (id int)');
    const before = performance.now();
    await until('twice its idle time is over', () => performance.now() - before > 6_500);
    const view = (await views()).find(({ name }) => name === 'postgres');
    expect(view).toMatchObject({ state: 'running', stopsIn: null });
    expect(view?.why).toContain('transaction');
    await client.query('commit');
    client.release();
    await clients.end();
    await asleep('postgres');
  });
}

/** As above. */
function ofDaemon(): void {
  it('after kill -9 of the daemon services go on, are adopted, and new connections work', async () => {
    // Those that the kernel carries outlive the daemon: with 50 postgres had no place for one more.
    const clients = pool(40);
    clients.on('error', () => undefined);
    await Promise.all(Array.from({ length: 40 }, () => clients.query('select pg_sleep(0.1)')));
    const before = (await views()).find(({ name }) => name === 'postgres')?.container;
    process.kill(await laptop.daemonPid(), 'SIGKILL');
    await laptop.cli(['daemon', 'start'], { cwd: folder });
    const restarted = performance.now();
    const fresh = pool(1);
    expect((await fresh.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(performance.now() - restarted).toBeLessThan(patience(1_000));
    expect((await views()).find(({ name }) => name === 'postgres')).toMatchObject({ state: 'running', container: before });
    await Promise.all([fresh.end(), clients.end()]);
  });

  it('stop closes its port; up opens it again', async () => {
    await laptop.ask(['stop', 'redis'], { cwd: folder });
    expect(await stateOf('redis')).toBe('stopped');
    // One that came in the instant of the close is reset.
    await until('its port is closed', async () => (await ping(ports.redis)).includes('ECONNREFUSED'));
    await laptop.ask(['up'], { cwd: folder });
    expect(await ping(ports.redis)).toBe('+PONG\r\n');
  });
}

describe.sequential('services that sleep, with warm connections spliced', () => {
  it('an up of the profile starts nothing: all of it listens', async () => {
    await asleep('api', 'postgres', 'redis');
    expect((await laptop.containers()).filter(({ State }) => State === 'running')).toEqual([]);
  });

  if (taken.includes('splice')) ofClients();

  it('one curl to the API wakes it, and what it depends on first', async () => {
    await asleep('api', 'postgres', 'redis');
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-w', ' %{http_code}', `http://127.0.0.1:${ports.api}/health/ready`]);
    expect(stdout).toMatch(/^\{.*"ready":true.*\} 200$/);
    expect(await states()).toEqual({ api: 'running', postgres: 'running', redis: 'running', 'llm-advisor': 'stopped' });
  });

  it('a connection from another container wakes its target', async () => {
    await until('postgres asleep', async () => {
      await fetch(`http://127.0.0.1:${ports.api}/health/live`); // the API alone is used: its liveness asks nobody
      return (await stateOf('postgres')) === 'asleep';
    });
    expect(await stateOf('api')).toBe('running');
    const script =
      "require('net').connect(5432, 'postgres').on('connect', function () { this.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])) }).on('data', data => { console.log(String(data)); process.exit() })";
    const { stdout } = await laptop.cli(['exec', 'api', 'node', '-e', script], { cwd: folder });
    expect(stdout.trim()).toBe('N'); // PostgreSQL's answer to a request for TLS
    expect(await stateOf('postgres')).toBe('running');
  });

  if (taken.includes('splice')) ofSilentPool();

  it.concurrent('exec wakes what sleeps, and holds it until it ends', async () => {
    await asleep('redis');
    const { stdout } = await laptop.cli(['exec', 'redis', 'sh', '-c', 'redis-cli set word kept > /dev/null; sleep 4; redis-cli get word'], {
      cwd: folder,
    });
    expect(stdout.trim()).toBe('kept');
  });

  it('ps counts down, and why says that a connection wakes it', async () => {
    const clients = pool(1);
    await clients.query('select 1');
    await clients.end();
    const view = (await views()).find(({ name }) => name === 'postgres');
    expect(view?.stopsIn).toBeGreaterThan(0);
    expect(view?.stopsIn).toBeLessThanOrEqual(3_000);
    await asleep('api', 'postgres', 'redis');
    expect((await views()).find(({ name }) => name === 'postgres')?.why).toBe('asleep: a connection wakes it');
  });

  if (taken.includes('splice')) ofTransaction();

  it.concurrent('a connection that says nothing wakes nobody', async () => {
    await asleep('redis');
    const socket = connect(ports.redis, '127.0.0.1');
    const before = performance.now();
    await until('a second is over', () => performance.now() - before > 1_000);
    expect(await stateOf('redis')).toBe('asleep');
    socket.destroy();
  });

  if (taken.includes('splice')) ofDaemon();
});

describe.sequential('services that sleep, with warm connections carried by the kernel', () => {
  const rules = (): string => {
    const table = `laptop_dev_${laptop.instance}`;
    return nft('list', 'tables', 'ip').includes(table) ? nft('list', 'table', 'ip', table) : '';
  };
  const rule = (service: string): string => `comment "${laptop.name}/${service}"`;
  /** Where Redis sees a connection come from: the client's own port when nobody is in between. */
  const seenPort = async (socket: Socket): Promise<number> => {
    socket.write('CLIENT INFO\r\n');
    return Number(/ addr=[\d.]+:(\d+) /.exec(await bytes(socket, 100))?.[1]);
  };

  beforeAll(async () => {
    ensureNft();
    await writeFile(join(folder, 'laptop-dev.yaml'), sleepy('auto'));
    await laptop.cli(['daemon', 'stop']); // it looks once for nft
    await laptop.ask(['up'], { cwd: folder });
  });

  it('while it is awake new connections pass the daemon; while it sleeps they reach it', async () => {
    await asleep('redis', 'postgres');
    expect(rules()).not.toContain('dnat');
    const first = await connected(ports.redis);
    expect(await seenPort(first)).not.toBe(first.localPort);
    await until('the rule is there', () => rules().includes(rule('redis')));
    const second = await connected(ports.redis);
    expect(await seenPort(second)).toBe(second.localPort);
    for (const socket of [first, second]) socket.destroy();
    await asleep('redis');
    expect(rules()).not.toContain('dnat');
  });

  if (taken.includes('auto')) ofClients();

  // Beside each other: most of the time they wait.
  describe.concurrent('postgres', () => {
    it.sequential('twenty silent connections that only the kernel carries do not hold postgres', async () => {
      await wakePostgres();
      await until('the rule is there', () => rules().includes(rule('postgres')));
      const clients = pool(20);
      clients.on('error', () => undefined);
      const all = await Promise.all(Array.from({ length: 20 }, () => clients.connect()));
      for (const client of all) client.release();
      await asleep('postgres');
      expect((await clients.query('select 40 + 2 as answer')).rows).toEqual([{ answer: 42 }]);
      await clients.end();
    });

    if (taken.includes('auto')) ofSilentPool();

    it.sequential('a transaction that only the kernel carries is asked about', async () => {
      await wakePostgres();
      await until('the rule is there', () => rules().includes(rule('postgres')));
      const clients = pool(1);
      const client = await clients.connect();
      await client.query('begin');
      const held = async () => (await views()).find(({ name }) => name === 'postgres')?.why?.includes('1 idle in a transaction');
      await until('it is held', held);
      // It was away while it was asked: bytes of that time would have gone unseen.
      await until('the rule is there again', () => rules().includes(rule('postgres')));
      await client.query('commit');
      client.release();
      await clients.end();
      await asleep('postgres');
    });

    if (taken.includes('auto')) ofTransaction();
  });

  describe.concurrent('services of their own', () => {
    /** Of each service, half of them with either path: some 104 instants when deep. */
    const ROUNDS = DEEP ? 13 : 3;
    const RACERS = DEEP ? 8 : 4;
    it.sequential('a connection that was made in the instant of a stop is served all the same, both ways', async () => {
      const names = Array.from({ length: RACERS }, (_, index) => `r${index}`);
      const free = await freePorts(names.length);
      const services = names.map(
        (name, index) => `  ${name}: { image: laptop-dev/redis, mem_limit: 32m, ports: ["127.0.0.1:${free[index]}:6379"] }`,
      );
      const sleep = names.map(
        (name, index) => `  ${name}: { start: on-demand, idle: 1s, protocol: redis, path: ${index % 2 ? 'splice' : 'auto'} }`,
      );
      const races = await laptop.project('races', {
        'compose.yaml': `services:\n${services.join('\n')}\n`,
        'laptop-dev.yaml': `name: races\ncompose: compose.yaml\nservices:\n${sleep.join('\n')}\n`,
      });
      const env = { COMPOSE_PROJECT_NAME: `${laptop.name}-races` };
      await laptop.ask(['up'], { cwd: races, env });
      const random = new Random(6);
      let stops = 0;
      const ended = new AbortController();
      const watched = count(laptop.client.notices({ project: `${laptop.name}-races`, follow: true, signal: ended.signal }), () => stops++);
      const offsets = names.map(() => Array.from({ length: ROUNDS }, () => 900 + random.below(300)));
      const outcomes = await Promise.all(
        offsets.map(async (mine, index) => {
          const answers: string[] = [];
          for (const offset of mine) {
            answers.push(await ping(free[index] ?? 0));
            await pause(offset);
          }
          return answers;
        }),
      );
      expect(outcomes.flat()).toEqual(Array.from({ length: ROUNDS * names.length }, () => '+PONG\r\n'));
      ended.abort();
      await watched;
      expect(stops).toBeGreaterThan((ROUNDS - 1) * (RACERS / 2));
      // With the volumes of the image: they have no name that would lead to them later.
      await done(laptop.client.act(`${laptop.name}-races`, 'down', { volumes: true, wait: true }));
    });
  });

  if (taken.includes('auto')) ofDaemon();

  it('after a down no rule is left, and after the daemon no table', async () => {
    expect(await ping(ports.redis)).toBe('+PONG\r\n');
    await until('the rule is there', () => rules().includes(rule('redis')));
    await laptop.ask(['down'], { cwd: folder });
    expect(rules()).not.toContain('dnat');
    await laptop.cli(['daemon', 'stop']);
    expect(rules()).toBe('');
  });
});

/** Calls back for each service that falls asleep, until the notices end. */
async function count(notices: AsyncIterable<LoggedNotice>, onAsleep: () => void): Promise<void> {
  try {
    for await (const { kind, data } of notices) if (kind === 'stopping' && data.reason === 'idle') onAsleep();
  } catch {
    // We have ended it.
  }
}

/** The answer of a Redis, or how the connection was lost. */
function ping(port: number): Promise<string> {
  return new Promise(resolve => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (outcome: string): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on('data', data => {
      text += data;
      if (text.endsWith('\r\n')) settle(text);
    });
    socket.once('end', () => settle(`closed after "${text}"`));
    socket.once('error', error => settle(error.message));
  });
}
