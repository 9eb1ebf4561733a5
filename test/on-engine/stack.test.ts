import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStack, type Stack } from './support/stack.js';
import { until } from './support/until.js';

const POSTGRES = { POSTGRES_PASSWORD: "it's $secret", POSTGRES_DB: 'app' };
const API = {
  PGHOST: 'postgres',
  PGUSER: 'postgres',
  PGPASSWORD: POSTGRES.POSTGRES_PASSWORD,
  PGDATABASE: 'app',
  REDIS_URL: 'redis://redis:6379',
};

let stack: Stack;
let api: string;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** null: no body. */
  readonly body: unknown;
}
/** One request on a connection of its own, 10 s at most. */
function ask(path: string, method = 'GET', body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(`http://${api}${path}`, { method, headers, agent: false, signal: AbortSignal.timeout(10_000) }, response => {
      text(response).then(
        words =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            body: words === '' ? null : JSON.parse(words),
          }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
const ready = (): Promise<unknown> =>
  until('the API to be ready', 60_000, async () => ((await ask('/health/ready').catch(() => null))?.status === 200 ? true : null));
const add = async (name: string): Promise<number> => ((await ask('/records', 'POST', { name })).body as { id: number }).id;

beforeAll(async () => {
  stack = await openStack();
  await stack.run('postgres', POSTGRES, ['-c', 'shared_buffers=32MB']);
  await stack.run('redis', {}, ['--maxmemory', '32mb']);
  api = await stack.run('api', API);
  await ready();
});
afterAll(() => stack?.remove());

test('a record is created, read, replaced, listed and removed', async () => {
  const created = await ask('/records', 'POST', { name: 'first', data: { deep: { x: [1, 'ü'] } } });
  expect(created.status).toBe(201);
  const { id } = created.body as { id: number };
  expect((await ask(`/records/${id}`)).body).toEqual(created.body);
  expect((await ask(`/records/${id}`, 'PUT', { name: 'second' })).body).toMatchObject({ id, name: 'second', data: {} });
  expect((await ask(`/records/${id}`)).body).toMatchObject({ name: 'second' });
  expect((await ask('/records')).body).toMatchObject({ items: [{ name: 'second' }], next: null });
  expect((await ask(`/records/${id}`, 'DELETE')).status).toBe(204);
  expect((await ask(`/records/${id}`)).status).toBe(404);
});

test('arguments reach the servers, and the health checks of compose.yaml pass', async () => {
  const shown = await stack.exec('postgres', 'sh', '-c', "psql -U postgres -h 127.0.0.1 -Atc 'show shared_buffers' | grep -x 32MB");
  const redis = await stack.exec('redis', 'sh', '-c', 'redis-cli config get maxmemory | grep -x 33554432');
  expect([shown, redis]).toEqual([0, 0]);
  expect(await stack.exec('postgres', 'pg_isready', '-q', '-h', '127.0.0.1')).toBe(0);
  expect(await stack.exec('redis', 'redis-cli', '-e', '-h', '127.0.0.1', 'ping')).toBe(0);
  expect(await stack.exec('api', '/usr/local/bin/healthcheck')).toBe(0);
});

test('nothing runs as root, and the root file system is read-only', async () => {
  for (const service of ['postgres', 'redis', 'api'] as const) {
    expect(
      await stack.exec(service, 'sh', '-c', 'test "$(id -u)" != 0 && ! touch /x 2>/dev/null && grep -q "^CapEff:.0*$" /proc/1/status'),
    ).toBe(0);
  }
});

test('the cache answers while the database is away, and what it does not know is 503', async () => {
  const id = await add('kept');
  await stack.container('postgres').stop();
  expect((await ask(`/records/${id}`)).status).toBe(200);
  expect([(await ask('/health/live')).status, (await ask('/health/ready')).status]).toEqual([200, 503]);
  const unknown = await ask('/records/999999');
  expect([unknown.status, unknown.retryAfter]).toEqual([503, '1']);
  await stack.container('postgres').start();
  await ready();
  expect((await ask('/records')).status).toBe(200);
});

test('the API works without the cache, and takes it up again', async () => {
  const id = await add('no cache');
  await stack.container('redis').stop();
  expect((await ask(`/records/${id}`, 'PUT', { name: 'changed' })).body).toMatchObject({ name: 'changed' });
  expect((await ask(`/records/${id}`)).body).toMatchObject({ name: 'changed' });
  await stack.container('redis').start();
  await ready();
});

test('everything ends with 0 within seconds of the stop signal, and the data is there in new containers', async () => {
  const id = await add('survivor');
  for (const service of ['api', 'redis', 'postgres'] as const) {
    // After 5 s the engine would kill it, and the code were 137.
    await stack.container(service).stop({ t: 5 });
    expect((await stack.container(service).inspect()).State.ExitCode).toBe(0);
  }
  await stack.run('postgres', POSTGRES);
  await stack.run('redis', {});
  api = await stack.run('api', API);
  await ready();
  expect((await ask(`/records/${id}`)).body).toMatchObject({ name: 'survivor' });
  expect(await stack.logs('postgres')).not.toContain('database set up');
  expect(await stack.logs('api')).toContain('"applied":[]');
});
