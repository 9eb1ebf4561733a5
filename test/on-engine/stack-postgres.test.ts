import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openStack, type Stack } from './support/stack.js';
import { until } from './support/until.js';

let stack: Stack;
beforeEach(async () => {
  stack = await openStack();
});
afterEach(() => stack.remove());

const accepts = (): Promise<unknown> =>
  until('PostgreSQL to accept connections', 60_000, async () => {
    const running = (await stack.container('postgres').inspect()).State.Running;
    if (!running) throw new Error(await stack.logs('postgres'));
    return (await stack.exec('postgres', 'pg_isready', '-q', '-h', '127.0.0.1')) === 0 ? true : null;
  });
/** Asks from outside the trusted loopback of the container, with the password. */
const query = (user: string, password: string, database: string, sql: string): Promise<number> =>
  stack.exec('postgres', 'sh', '-c', `psql "postgresql://${user}:${password}@$(hostname -i)/${database}" -Atc '${sql}'`);

test("the official image's variables: user, password from a file, database, initdb's arguments", async () => {
  // A file that every container has
  await stack.run('postgres', {
    POSTGRES_USER: 'alice',
    POSTGRES_PASSWORD_FILE: '/etc/debian_version',
    POSTGRES_DB: 'my db',
    POSTGRES_INITDB_ARGS: '--data-checksums --encoding="UTF8"',
  });
  await accepts();
  const shows = await stack.exec(
    'postgres',
    'sh',
    '-c',
    'psql "postgresql://alice:$(cat /etc/debian_version)@$(hostname -i)/my%20db" -Atc "show data_checksums" | grep -x on',
  );
  expect(shows).toBe(0);
  expect(await query('alice', 'wrong', 'my%20db', 'select 1')).not.toBe(0);
});

test('without a password it does not start, unless that is asked for', async () => {
  await stack.run('postgres', {});
  await stack.container('postgres').wait();
  expect(await stack.logs('postgres')).toContain('no password. Set POSTGRES_PASSWORD');
  await stack.run('postgres', { POSTGRES_HOST_AUTH_METHOD: 'trust' });
  await accepts();
  expect(await query('postgres', 'any', 'postgres', 'select 1')).toBe(0);
});

test('a first start that is killed half-way is begun anew', async () => {
  const environment = { POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'app' };
  await stack.run('postgres', environment);
  await until('the first start to be on its way', 30_000, async () =>
    (await stack.exec('postgres', 'test', '-e', '/var/lib/postgresql/data/.initialising/base')) === 0 ? true : null,
  );
  await stack.container('postgres').kill();
  await stack.run('postgres', environment);
  await accepts();
  expect(await query('postgres', 'x', 'app', 'select 1')).toBe(0);
  expect(await stack.exec('postgres', 'test', '!', '-e', '/var/lib/postgresql/data/.initialising')).toBe(0);
});

test('a data folder that belongs to another: a tmpfs is used as it is, one that cannot be written to is named, and taken over as root', async () => {
  const data = '/var/lib/postgresql/data';
  const start = async (user: string, mount: { Tmpfs: Record<string, string> } | { Binds: string[] }) => {
    const { engine } = stack;
    const HostConfig = { Memory: 256 * 1024 * 1024, NetworkMode: 'none', ...mount };
    const made = await engine.createContainer({ Image: 'laptop-dev/postgres', User: user, Env: ['POSTGRES_PASSWORD=x'], HostConfig });
    onTestFinished(() => made.remove({ force: true, v: true }));
    await made.start();
    return until('the database to be there, or its end', 60_000, async () => {
      const words = (await made.logs({ stdout: true, stderr: true, tail: 50 })).toString('utf8');
      const { Running } = (await made.inspect()).State;
      return !Running || /set up[\s\S]*ready to accept connections/.test(words) ? words : null;
    });
  };
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), 'ldt-data-'));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    chownSync(made, 1234, 1234);
    chmodSync(made, 0o700);
    return { Binds: [`${made}:${data}`] };
  };
  const [plain, root, foreign] = await Promise.all([start('', { Tmpfs: { [data]: '' } }), start('0:0', folder()), start('', folder())]);
  expect(plain).toContain('database set up');
  expect(root).toContain('database set up');
  expect(foreign).toContain('cannot be used by user 999: it belongs to user 1234, mode 700');
});
