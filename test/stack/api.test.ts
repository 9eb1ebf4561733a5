import { describe, expect, test } from 'vitest';
import { buildApp } from '../../compose/services/api/src/app.js';
import { readConfig } from '../../compose/services/api/src/config.js';
import type { Check } from '../../compose/services/api/src/health.js';
import { pending } from '../../compose/services/api/src/migrations.js';
import { httpAdvisor } from '../../compose/services/api/src/summary/advisor.js';
import { memoryStore } from './support/memory-store.js';

const up: Check = { name: 'postgres', run: () => Promise.resolve() };
const advisor = httpAdvisor('http://127.0.0.1:9', 1_000);
const app = (checks: readonly Check[] = [up], checkTimeout = 1_000) =>
  buildApp({ records: memoryStore(), advisor, checks, checkTimeout, logLevel: 'silent' });
/** For what leaves nothing behind: making one compiles its schemas. */
const any = app();

describe('/records', () => {
  test('a record is created, read, replaced and removed', async () => {
    const api = app();
    const created = await api.inject({ method: 'POST', url: '/records', payload: { name: 'a' } });
    expect(created.statusCode).toBe(201);
    expect(created.headers.location).toBe('/records/1');
    expect(created.json()).toMatchObject({ id: 1, name: 'a', data: {} });
    expect((await api.inject({ method: 'PUT', url: '/records/1', payload: { name: 'b', data: { x: 1 } } })).json()).toMatchObject({
      name: 'b',
      data: { x: 1 },
    });
    expect((await api.inject('/records/1')).json()).toMatchObject({ name: 'b' });
    expect((await api.inject({ method: 'DELETE', url: '/records/1' })).statusCode).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) {
      const gone = await api.inject({ method, url: '/records/1' });
      expect([gone.statusCode, gone.json()]).toEqual([404, { error: { code: 'not-found', message: 'There is no record 1' } }]);
    }
  });

  test('pages follow one another to the end', async () => {
    const api = app();
    for (const name of ['a', 'b', 'c']) await api.inject({ method: 'POST', url: '/records', payload: { name } });
    const first = (await api.inject('/records?limit=2')).json();
    expect([first.items.map((item: { name: string }) => item.name), first.next]).toEqual([['a', 'b'], 2]);
    const second = (await api.inject(`/records?limit=2&after=${first.next}`)).json();
    expect([second.items.map((item: { name: string }) => item.name), second.next]).toEqual([['c'], null]);
  });

  test.each([
    ['POST', '/records', {}],
    ['POST', '/records', { name: '' }],
    ['POST', '/records', { name: 1 }],
    ['POST', '/records', { name: 'a\u0000' }],
    ['POST', '/records', { name: 'a', data: 'text' }],
    ['POST', '/records', { name: 'a', unknown: true }],
    ['GET', '/records/0', undefined],
    ['GET', '/records/1e3', undefined],
    ['GET', '/records?limit=201', undefined],
    ['GET', '/records?limit=0', undefined],
    ['GET', '/records?other=1', undefined],
  ] as const)('%s %s %j is refused', async (method, url, payload) => {
    const answer = await any.inject({ method, url, ...(payload && { payload }) });
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'invalid']);
  });

  test('a database that is away is 503 with a hint when to try again; a bug is 500 without its words', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    for (const [error, status, code] of [
      [away, 503, 'unavailable'],
      [new Error('secret'), 500, 'internal'],
    ] as const) {
      const records = { ...memoryStore(), get: () => Promise.reject(error) };
      const answer = await buildApp({ records, advisor, checks: [], checkTimeout: 1, logLevel: 'silent' }).inject('/records/1');
      expect([answer.statusCode, answer.json().error.code, answer.headers['retry-after']]).toEqual([
        status,
        code,
        status === 503 ? '1' : undefined,
      ]);
      expect(answer.body).not.toContain('secret');
    }
  });
});

describe('/health', () => {
  const down: Check = { name: 'redis', run: () => Promise.reject(new Error('refused')) };
  const hangs: Check = { name: 'redis', run: () => new Promise(() => undefined) };

  test('live does not ask the stores', async () => {
    let asked = false;
    const api = app([
      {
        name: 'postgres',
        run: async () => {
          asked = true;
        },
      },
    ]);
    expect((await api.inject('/health/live')).json()).toEqual({ live: true });
    expect(asked).toBe(false);
  });

  test.each([
    [[up], 200, { postgres: 'up' }],
    [[up, down], 503, { postgres: 'up', redis: 'refused' }],
    [[up, hangs], 503, { postgres: 'up', redis: 'no answer within 20 ms' }],
  ])('ready names each store (%#)', async (checks, status, named) => {
    const api = app(checks, 20);
    for (const url of ['/health', '/health/ready']) {
      const answer = await api.inject(url);
      expect([answer.statusCode, answer.json()]).toEqual([status, { live: true, ready: status === 200, checks: named }]);
    }
  });
});

test('an unknown path says so', async () => {
  const answer = await any.inject('/nothing');
  expect([answer.statusCode, answer.json().error.message]).toEqual([404, 'Nothing answers GET /nothing']);
});

describe('migrations', () => {
  const [one, two] = [
    { name: '001.sql', sql: '', hash: 'a' },
    { name: '002.sql', sql: '', hash: 'b' },
  ];
  test('what was applied is left out', () => {
    expect(pending([one, two], [])).toEqual([one, two]);
    expect(pending([one, two], [one])).toEqual([two]);
    expect(pending([one, two], [one, two])).toEqual([]);
  });
  test.each([
    [[two], [one], 'the file is gone'],
    [[{ ...one, hash: 'c' }], [one], 'has changed since'],
    [[one, two], [two], 'sorts before 002.sql'],
  ])('a history that does not fit is refused (%#)', (files, applied, words) => {
    expect(() => pending(files, applied)).toThrow(words);
  });
});

test('settings come from the environment, and a bad one is named', () => {
  expect(readConfig({})).toEqual({
    host: '0.0.0.0',
    port: 8080,
    redisUrl: 'redis://127.0.0.1:6379',
    cacheSeconds: 60,
    llmUrl: 'http://llm-advisor:8090',
    llmPatience: 300_000,
    logLevel: 'info',
  });
  expect(readConfig({ LLM_URL: 'http://other:1/' }).llmUrl).toBe('http://other:1');
  expect(readConfig({ PORT: '81', CACHE_SECONDS: '5' })).toMatchObject({ port: 81, cacheSeconds: 5 });
  for (const PORT of ['x', '-1', '70000', '1.5']) expect(() => readConfig({ PORT })).toThrow('PORT must be a whole number from 0 to 65535');
});
