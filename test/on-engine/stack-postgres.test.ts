import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, type TestContext, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import { openStack, type Stack, stackImages } from './support/stack.js';
import { until } from './support/until.js';

beforeAll(stackImages);

/** Of the test's own: the first two run beside each other. */
async function stackOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Stack> {
  const stack = await openStack({ images: false });
  onTestFinished(() => stack.remove());
  return stack;
}

/** Starts it, and resolves when it accepts connections; asked past the engine, which has enough to do. */
async function serves(stack: Stack, environment: Readonly<Record<string, string>>): Promise<void> {
  const [host = '', port] = (await stack.run('postgres', environment)).split(':');
  const target = { host, port: Number(port) };
  if (!(await untilReady({ protocol: 'postgres', target }, AbortSignal.timeout(60_000)))) throw new Error(await stack.logs('postgres'));
}
/** Asks from outside the trusted loopback of the container, with the password. */
const query = (stack: Stack, user: string, password: string, database: string, sql: string): Promise<number> =>
  stack.exec('postgres', 'sh', '-c', `psql "postgresql://${user}:${password}@$(hostname -i)/${database}" -Atc '${sql}'`);

test.concurrent("the official image's variables: user, password from a file, database, initdb's arguments", async context => {
  const stack = await stackOf(context);
  // A file that every container has
  await serves(stack, {
    POSTGRES_USER: 'alice',
    POSTGRES_PASSWORD_FILE: '/etc/debian_version',
    POSTGRES_DB: 'my db',
    POSTGRES_INITDB_ARGS: '--data-checksums --encoding="UTF8"',
  });
  const shows = await stack.exec(
    'postgres',
    'sh',
    '-c',
    'psql "postgresql://alice:$(cat /etc/debian_version)@$(hostname -i)/my%20db" -Atc "show data_checksums" | grep -x on',
  );
  expect(shows).toBe(0);
  expect(await query(stack, 'alice', 'wrong', 'my%20db', 'select 1')).not.toBe(0);
});

test.concurrent('without a password it does not start, unless that is asked for', async context => {
  const stack = await stackOf(context);
  await stack.run('postgres', {});
  await stack.container('postgres').wait();
  expect(await stack.logs('postgres')).toContain('no password. Set POSTGRES_PASSWORD');
  await serves(stack, { POSTGRES_HOST_AUTH_METHOD: 'trust' });
  expect(await query(stack, 'postgres', 'any', 'postgres', 'select 1')).toBe(0);
});

test('a first start that is killed half-way is begun anew', async context => {
  const stack = await stackOf(context);
  const environment = { POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'app' };
  await stack.run('postgres', environment);
  await until('the first start to be on its way', 30_000, async () =>
    (await stack.exec('postgres', 'test', '-e', '/var/lib/postgresql/data/.initialising/base')) === 0 ? true : null,
  );
  await stack.container('postgres').kill();
  await serves(stack, environment);
  expect(await query(stack, 'postgres', 'x', 'app', 'select 1')).toBe(0);
  expect(await stack.exec('postgres', 'test', '!', '-e', '/var/lib/postgresql/data/.initialising')).toBe(0);
});

test('a data folder that belongs to another: a tmpfs is used as it is, one that cannot be written to is named, and taken over as root', async context => {
  const stack = await stackOf(context);
  const data = '/var/lib/postgresql/data';
  const start = async (user: string, mount: { Tmpfs: Record<string, string> } | { Binds: string[] }) => {
    const { engine } = stack;
    const HostConfig = { Memory: 256 * 1024 * 1024, NetworkMode: 'none', ...mount };
    const made = await engine.createContainer({ Image: 'laptop-dev/postgres', User: user, Env: ['POSTGRES_PASSWORD=x'], HostConfig });
    context.onTestFinished(() => made.remove({ force: true, v: true }));
    await made.start();
    return until('the database to be there, or its end', 60_000, async () => {
      const words = (await made.logs({ stdout: true, stderr: true, tail: 50 })).toString('utf8');
      const { Running } = (await made.inspect()).State;
      return !Running || /set up[\s\S]*ready to accept connections/.test(words) ? words : null;
    });
  };
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'ldt-data-'));
    context.onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    chownSync(made, 1234, 1234);
    chmodSync(made, 0o700);
    return { Binds: [`${made}:${data}`] };
  };
  const [plain, root, foreign] = await Promise.all([start('', { Tmpfs: { [data]: '' } }), start('0:0', folder()), start('', folder())]);
  expect(plain).toContain('database set up');
  expect(root).toContain('database set up');
  expect(foreign).toContain('cannot be used by user 999: it belongs to user 1234, mode 700');
});
