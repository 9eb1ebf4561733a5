import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import type { Listener, Target } from '../../daemon/ports/listeners.js';
import { type Failure, failure } from '../../daemon/shared/failure.js';
import { bytes, openStage, SERVICE, type Stage, until } from '../activation/harness.js';
import { type Outcome, runClient } from './support/clients.js';
import { openStack, type Stack } from './support/stack.js';

/** Real servers in containers, real clients out of Debian's packages, and the activator between them. The stack sleeps until its first client. */
let stack: Stack;
const open: Stage[] = [];
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.remove());
beforeEach(() => {
  starts = 0;
});
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

let starts = 0;
const ENVIRONMENT = { postgres: { POSTGRES_PASSWORD: 'x' }, redis: {} };
const IMAGE = { postgres: 'laptop-dev/postgres', redis: 'laptop-dev/redis' };

/** A listener before a service that its first client starts; ready as the probe says. */
async function asleep(name: 'postgres' | 'redis', holdBlocked = true): Promise<Stage> {
  let awake: Target | null = null;
  let starting: Promise<Target> | null = null;
  const start = async (): Promise<Target> => {
    starts += 1;
    const [host = '', port] = (await stack.run(name, ENVIRONMENT[name])).split(':');
    const target = { host, port: Number(port) };
    if (!(await untilReady({ protocol: name, target }, AbortSignal.timeout(60_000)))) throw new Error(await stack.logs(name));
    awake = target;
    return target;
  };
  const wake = (): Promise<Target> => {
    starting ??= start();
    return starting;
  };
  const stage = await openStage({ protocol: name, target: () => awake, wake, holdBlocked });
  open.push(stage);
  return stage;
}

const psql = ({ port }: Listener, ...args: string[]): Promise<Outcome> =>
  runClient(stack.engine, IMAGE.postgres, 'psql', '-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', '-At', ...args);
const redis = ({ port }: Listener, ...args: string[]): Promise<Outcome> =>
  runClient(stack.engine, IMAGE.redis, 'redis-cli', '-h', '127.0.0.1', '-p', `${port}`, ...args);

test('psql and pgbench wake a sleeping PostgreSQL, the two of them once, and work', async () => {
  const { listener, activator } = await asleep('postgres');
  const both = await Promise.all([psql(listener, '-c', 'select 40 + 2'), psql(listener, '-c', 'select 6 * 7')]);
  expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, '42\n'],
    [0, '42\n'],
  ]);
  expect(starts).toBe(1);
  const at = ['-h', '127.0.0.1', '-p', `${listener.port}`, '-U', 'postgres'];
  const bench = `pgbench ${at.join(' ')} -i -q postgres && pgbench ${at.join(' ')} -c 4 -T 1 -M extended postgres && pgbench ${at.join(' ')} -c 4 -T 1 -S postgres`;
  const { code, stdout, stderr } = await runClient(stack.engine, IMAGE.postgres, 'sh', '-c', bench);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  expect(stdout.match(/number of failed transactions: 0/g)).toHaveLength(2);
  await until(() => activator.activity(SERVICE).connections === 0);
  expect(activator.activity(SERVICE).holding).toBe(false);
});

test('an open transaction holds PostgreSQL, a session between two does not, a running query does', async () => {
  const { listener, activator } = await asleep('postgres');
  const client = `psql -h 127.0.0.1 -p ${listener.port} -U postgres -At`;
  // Awake first: the times are those of a server that answers.
  const script = (...lines: string[]): Promise<Outcome> =>
    runClient(stack.engine, IMAGE.postgres, 'sh', '-c', `${client} -c 'select 1' && (${lines.join('; ')}) | ${client}`);
  const [idle, held, query] = [2, 2, 2];
  const ended = script(
    `echo "select 'idle';"; sleep ${idle}`,
    `echo "begin; select 'in transaction';"; sleep ${held}`,
    `echo "commit; select pg_sleep(${query}); select 'done';"`,
  );
  const seen: string[] = [];
  const watcher = setInterval(() => {
    const { connections, holding, lastByteAt } = activator.activity(SERVICE);
    const isStill = performance.now() - (lastByteAt ?? 0) > 1000;
    const what = `${connections} ${holding}`;
    if (starts > 0 && isStill && connections > 0 && seen.at(-1) !== what) seen.push(what);
  }, 20);
  const { code, stdout } = await ended;
  clearInterval(watcher);
  expect([code, stdout]).toEqual([0, '1\nidle\nBEGIN\nin transaction\nCOMMIT\n\ndone\n']);
  // The first client is held while it starts; then the session is idle, then held by the transaction and by the query alike.
  expect(seen.slice(-2)).toEqual(['1 false', '1 true']);
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 0, holding: false });
});

test('redis-cli and redis-benchmark wake a sleeping Redis; a blocked pop holds it until it is answered', async () => {
  const { listener, activator, client } = await asleep('redis');
  expect(await redis(listener, 'set', 'a', 'b')).toMatchObject({ code: 0, stdout: 'OK\n' });
  const bench = await runClient(
    stack.engine,
    IMAGE.redis,
    'redis-benchmark',
    '-p',
    `${listener.port}`,
    '-n',
    '2000',
    '-c',
    '20',
    '-P',
    '8',
    '-q',
  );
  expect([bench.code, bench.stdout]).toEqual([0, expect.stringContaining('LRANGE_600')]);
  expect(starts).toBe(1);
  await until(() => activator.activity(SERVICE).connections === 0);
  const popped = redis(listener, 'blpop', 'queue', '30');
  await until(() => activator.activity(SERVICE).holding);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 1, holding: true });
  const pusher = await client();
  pusher.write('RPUSH queue x\r\n');
  expect(await bytes(pusher, 4)).toBe(':1\r\n');
  expect(await popped).toMatchObject({ code: 0, stdout: 'queue\nx\n' });
  expect(activator.activity(SERVICE)).toMatchObject({ holding: false });
});

test('a blocked pop does not hold where the setting says so', async () => {
  const { listener, activator } = await asleep('redis', false);
  const popped = redis(listener, 'blpop', 'nothing', '2');
  await until(() => starts === 1 && activator.activity(SERVICE).connections === 1 && !activator.activity(SERVICE).holding);
  expect((await popped).code).toBe(0);
});

const NO: Failure = failure('over-budget', 'db needs 512 MB, 100 MB is free', { need: 512, holders: [] }, ['Stop llm', 'Raise the budget']);

test('real clients show a refusal with its numbers and what to do', async () => {
  const refused = async (protocol: 'postgres' | 'redis' | 'http'): Promise<Listener> => {
    const stage = await openStage({ protocol, target: () => null, wake: async () => NO });
    open.push(stage);
    return stage.listener;
  };
  const { code, stderr } = await psql(await refused('postgres'), '-c', 'select 1');
  expect(code).toBe(2);
  expect(stderr).toContain('FATAL:  laptop-dev over-budget: db needs 512 MB, 100 MB is free');
  expect(stderr).toContain('HINT:  Stop llm Raise the budget');
  const { stdout } = await redis(await refused('redis'), 'get', 'a');
  expect(stdout).toContain('ERR laptop-dev over-budget: db needs 512 MB, 100 MB is free. Stop llm Raise the budget');
  const { port } = await refused('http');
  const curl = await promisify(execFile)('curl', ['-s', '-D', '-', `http://127.0.0.1:${port}/x`]);
  expect(curl.stdout).toContain('HTTP/1.1 503 Service Unavailable\r\n');
  expect(JSON.parse(curl.stdout.split('\r\n\r\n')[1] ?? '')).toEqual({ ok: false, error: { ...NO, type: 'unavailable', param: null } });
});
