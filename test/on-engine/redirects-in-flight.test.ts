import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import { createContainers } from '../../daemon/engine/containers.js';
import type { Exec } from '../../daemon/ports/redirects.js';
import { heldBy } from '../../daemon/redirects/in-flight.js';
import { bytes, silent } from '../activation/harness.js';
import { ENGINE } from './support/open-engine.js';
import { openStack, type Stack } from './support/stack.js';
import { until } from './support/until.js';

/** Real servers are asked what is under way, through exec as the daemon does it. */
let stack: Stack;
const containers = createContainers({ endpoint: ENGINE, instance: 'kernel-ask', log: silent });
const open: Socket[] = [];
beforeAll(async () => {
  stack = await openStack();
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(async () => {
  containers.close();
  await stack?.remove();
});

const execIn =
  (service: 'postgres' | 'redis'): Exec =>
  async command => {
    const options = { command, tty: false, user: null, workingDir: null, environment: {} };
    const session = await containers.exec(stack.container(service).id, options);
    let stdout = '';
    for await (const { data } of session.output) stdout += Buffer.from(data).toString('utf8');
    return { exitCode: await session.exitCode(), stdout };
  };

async function running(service: 'postgres' | 'redis', environment: Readonly<Record<string, string>>, command?: readonly string[]) {
  const [host = '', port] = (await stack.run(service, environment, command)).split(':');
  const target = { host, port: Number(port) };
  if (!(await untilReady({ protocol: service, target }, AbortSignal.timeout(60_000)))) throw new Error(await stack.logs(service));
  return target;
}
async function connected(target: { readonly host: string; readonly port: number }): Promise<Socket> {
  const socket = connect(target);
  open.push(socket);
  await new Promise(resolve => socket.once('connect', resolve));
  return socket;
}

test('Redis: a silent client does not hold it; MULTI, a blocked pop and a subscription do; with a password it is held unless that is known', async () => {
  const target = await running('redis', {});
  const exec = execIn('redis');
  const client = await connected(target);
  const says = async (line: string, answer: string): Promise<void> => {
    client.write(`${line}\r\n`);
    expect(await bytes(client, answer.length)).toBe(answer);
  };
  await says('PING', '+PONG\r\n');
  expect(await heldBy('redis', exec, { port: 6379 })).toBeNull();
  await says('MULTI', '+OK\r\n');
  expect(await heldBy('redis', exec)).toBe('Redis has clients: 1 in MULTI');
  await says('DISCARD', '+OK\r\n');
  await says('SUBSCRIBE a', '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n');
  expect(await heldBy('redis', exec)).toBe('Redis has clients: 1 subscribed');
  const second = await connected(target);
  second.write('BLPOP q 0\r\n');
  await until('blocked', 5000, async () => ((await heldBy('redis', exec)) === 'Redis has clients: 1 blocked, 1 subscribed' ? true : null));
  expect(await heldBy('redis', exec, { holdBlocked: false })).toBeNull();

  const third = await connected(target);
  third.write('CONFIG SET requirepass secret\r\n');
  await bytes(third, 5);
  expect(await heldBy('redis', exec)).toMatch(/^Redis could not be asked whether something is under way \(.*Authentication required/);
  await running('redis', { REDIS_PASSWORD: 'secret' }, ['redis-server', '--requirepass', 'secret']);
  expect(await heldBy('redis', exec)).toBeNull();
});

test('PostgreSQL: a session between two queries does not hold it; a query, a transaction and a failed one do', async () => {
  await running('postgres', { POSTGRES_USER: 'me', POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'shop' });
  const exec = execIn('postgres');
  expect(await heldBy('postgres', exec, { port: 5432 })).toBeNull();
  const session = (script: string): Promise<number> =>
    stack.exec('postgres', 'sh', '-c', `(${script}) | psql -U me -d shop -v ON_ERROR_STOP=0`);
  // A session that is cut off still sleeps to its end: nothing waits for that in between.
  const ended: Promise<unknown>[] = [];
  const states = async (during: Promise<unknown>, wanted: string | null): Promise<void> => {
    await until(`${wanted}`, 10_000, async () => ((await heldBy('postgres', exec)) === wanted ? true : null));
    await stack.exec(
      'postgres',
      'psql',
      '-U',
      'me',
      '-d',
      'postgres',
      '-c',
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'",
    );
    ended.push(during);
  };
  await states(session('echo "select pg_sleep(60);"'), 'PostgreSQL has sessions: 1 with a query running');
  await states(session('echo "begin; select 1;"; sleep 3'), 'PostgreSQL has sessions: 1 idle in a transaction');
  await states(session('echo "begin; select 1/0;"; sleep 3'), 'PostgreSQL has sessions: 1 idle in a failed transaction');
  const idle = session('echo "select 1;"; sleep 3');
  const count = "select 1/count(*) from pg_stat_activity where datname = 'shop' and state = 'idle'";
  await until('an idle session', 10_000, async () =>
    (await stack.exec('postgres', 'psql', '-U', 'me', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', count)) === 0 ? true : null,
  );
  expect(await heldBy('postgres', exec)).toBeNull();
  await Promise.all([...ended, idle]);
});
