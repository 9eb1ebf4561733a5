import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { buildApp } from '../../../compose/services/llm-advisor/src/app.js';
import { Deaths } from '../../../compose/services/llm-advisor/src/deaths.js';
import { writeToy } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { Host } from '../../../compose/services/llm-advisor/src/host.js';
import { Peaks } from '../../../compose/services/llm-advisor/src/peaks.js';
import { MemoryRoom } from '../../../compose/services/llm-advisor/src/room.js';
import { PolledTier } from '../../../compose/services/llm-advisor/src/tier.js';
import { Spoken } from '../../../compose/services/llm-advisor/src/word.js';
import { FakeEngine, MiB } from './fake-engine.js';

const folder = mkdtempSync(join(tmpdir(), 'ld-llm-'));
await writeToy(join(folder, 'toy.gguf'));
await writeFile(join(folder, 'broken.gguf'), 'GGUF');
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function service({ patience = 60_000, waiters = 8, maximum = 0 } = {}) {
  const engine = new FakeEngine();
  const spoken = new Spoken();
  const tier = new PolledTier(maximum, spoken);
  const deaths = new Deaths('', engine.version);
  const room = new MemoryRoom({ engine, peaks: new Peaks('', engine.version), deaths, tier, context: 4096 });
  const deaf = (): void => undefined;
  const host = new Host({ engine, room, unloadAfter: 60_000, waiters, say: said => spoken.say(said), log: { info: deaf, warn: deaf } });
  const app = buildApp({ host, room, tier, spoken, models: folder, model: 'toy', patience, logLevel: 'silent' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  ends.push(() => app.close());
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const loaded = async (): Promise<void> => {
    await vi.waitFor(() => expect(engine.loads).toHaveLength(1));
    engine.loads[0]?.finish();
  };
  return { app, engine, tier, host, port, post, loaded, get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}

const HI = { messages: [{ role: 'user', content: 'hi' }] };

test('a conversation is answered, and says what it took', async () => {
  const { post, loaded } = await service();
  const answer = post('/v1/chat/completions', { ...HI, max_tokens: 5 });
  await loaded();
  expect(await (await answer).json()).toMatchObject({
    object: 'chat.completion',
    model: 'toy',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
});

test('a stream begins while the model loads, with comments, then the text letter by letter', async () => {
  const { post, loaded } = await service();
  const answer = await post('/v1/chat/completions', { ...HI, stream: true, stream_options: { include_usage: true } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  await loaded();
  const events = (await answer.text()).trim().split('\n\n');
  expect(events[0]).toBe(': loading 0%');
  expect(events.at(-1)).toBe('data: [DONE]');
  const chunks = events.filter(event => event.startsWith('data: {')).map(event => JSON.parse(event.slice(6)));
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello');
  expect(chunks.at(-2)?.choices[0].finish_reason).toBe('stop');
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });
});

test('a call of a function is passed on, streamed and not', async () => {
  const { engine, post, loaded } = await service();
  engine.answer = { ...engine.answer, text: '', calls: [{ id: 'call_1', name: 'look', parameters: '{"at":1}' }], finish: 'tool_calls' };
  const body = { ...HI, tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }] };
  const answer = post('/v1/chat/completions', body);
  await loaded();
  const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
  expect(await (await answer).json()).toMatchObject({
    choices: [{ message: { content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }],
  });
  expect(await (await post('/v1/chat/completions', { ...body, stream: true })).text()).toContain('"tool_calls":[{"index":0,"id":"call_1"');
});

test('texts are completed and embedded', async () => {
  const { post, loaded } = await service();
  const answer = post('/v1/completions', { prompt: 'a' });
  await loaded();
  expect(await (await answer).json()).toMatchObject({ object: 'text_completion', choices: [{ text: 'Hello', finish_reason: 'stop' }] });
  expect(await (await post('/v1/embeddings', { input: ['a', 'b'] })).json()).toMatchObject({
    data: [
      { index: 0, embedding: [0.5, -1] },
      { index: 1, embedding: [0.5, -1] },
    ],
    usage: { prompt_tokens: 2 },
  });
  const { data } = (await (await post('/v1/embeddings', { input: 'a', encoding_format: 'base64' })).json()) as {
    data: [{ embedding: string }];
  };
  expect([...new Float32Array(new Uint8Array(Buffer.from(data[0].embedding, 'base64')).buffer)]).toEqual([0.5, -1]);
});

test('models are listed with their state; looking loads nothing', async () => {
  const { get, post, loaded, engine } = await service();
  const states = async () =>
    ((await (await get('/v1/models')).json()) as { data: { id: string; state: string }[] }).data.map(({ id, state }) => `${id} ${state}`);
  expect(await states()).toEqual(['broken unloaded', 'toy unloaded']);
  await get('/health');
  expect(engine.loads).toEqual([]);
  const answer = post('/v1/completions', { prompt: 'a' });
  await loaded();
  await answer;
  expect(await states()).toEqual(['broken unloaded', 'toy loaded']);
});

test.each([
  ['no messages', '/v1/chat/completions', {}, 400, 'messages'],
  ['a strange role', '/v1/chat/completions', { messages: [{ role: 'king', content: 'x' }] }, 400, 'messages[0].role'],
  ['an image', '/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 400, 'messages[0].content'],
  ['two answers', '/v1/chat/completions', { ...HI, n: 2 }, 400, 'n'],
  ['a hot temperature', '/v1/chat/completions', { ...HI, temperature: 3 }, 400, 'temperature'],
  ['nothing to embed', '/v1/embeddings', {}, 400, 'input'],
  ['no such model', '/v1/chat/completions', { ...HI, model: 'gpt' }, 404, 'model'],
  ['a path as a model', '/v1/completions', { prompt: 'x', model: '../toy' }, 404, 'model'],
  ['a damaged model', '/v1/completions', { prompt: 'x', model: 'broken' }, 422, null],
])('%s: refused in the shape that clients expect', async (_what, path, body, status, param) => {
  const { post, engine } = await service();
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { message: expect.any(String), type: 'invalid_request_error', param } });
  expect(engine.loads).toEqual([]);
});

test('a damaged model is refused before the 200 of a stream', async () => {
  const { post } = await service();
  expect((await post('/v1/chat/completions', { ...HI, stream: true, model: 'broken' })).status).toBe(422);
});

test('who does not stream is told to come back when the load takes long; the load goes on', async () => {
  const { post, engine, loaded } = await service({ patience: 50 });
  const late = await post('/v1/chat/completions', HI);
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '10']);
  await vi.waitFor(() => expect(engine.loads).toHaveLength(1));
  expect(engine.loads[0]?.options.signal.aborted).toBe(false);
  await loaded();
  await vi.waitFor(async () => expect((await post('/v1/chat/completions', HI)).status).toBe(200));
  expect(engine.loads).toHaveLength(1);
});

test('the ninth who waits is refused with 429', async () => {
  const { post, loaded } = await service({ waiters: 1 });
  const first = await post('/v1/chat/completions', { ...HI, stream: true });
  const second = await post('/v1/chat/completions', HI);
  expect([second.status, second.headers.get('retry-after')]).toEqual([429, '5']);
  await loaded();
  await first.text();
});

test('a client that leaves ends the load', async () => {
  const { port, engine } = await service();
  const body = JSON.stringify({ ...HI, stream: true });
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await vi.waitFor(() => expect(engine.loads).toHaveLength(1));
  socket.destroy();
  await vi.waitFor(() => expect(engine.loads[0]?.options.signal.aborted).toBe(true));
});

test('what a model would take is told without loading it', async () => {
  const { post, engine } = await service({ maximum: 2 ** 40 });
  expect(await (await post('/v1/estimate', { model: 'toy' })).json()).toMatchObject({
    model: 'toy',
    choice: 'load',
    maximum: 2 ** 40,
    needs: [{ context: 2048 }, { context: 1024 }],
  });
  expect(engine.loads).toEqual([]);
});

interface Word {
  readonly version: number;
  readonly wants: number | null;
  readonly holds: number;
}

test('what the service says of itself: at once, and then with each change', async () => {
  const { tier, get, post, loaded } = await service();
  const word = async (after: number): Promise<Word> => (await get(`/laptop-dev/state?after=${after}`)).json() as Promise<Word>;
  const quiet = (await (await get('/laptop-dev/state')).json()) as Word;
  expect(quiet).toEqual({ version: expect.any(Number), wants: null, holds: 0, loading: null, model: null });
  const next = word(quiet.version);
  const answer = post('/v1/completions', { prompt: 'a' });
  const loading = await next;
  expect(loading).toMatchObject({ wants: null, loading: { model: 'toy', share: 0 }, model: null });
  expect(loading.version).toBeGreaterThan(quiet.version);
  expect(loading.holds).toBeGreaterThan(100 * MiB);
  const then = word(loading.version);
  await loaded();
  await answer;
  expect(await then).toMatchObject({ loading: null, model: 'toy', holds: loading.holds });
  const asked = tier.ask(1_000, new AbortController().signal);
  expect(await word(loading.version)).toMatchObject({ wants: 1_000, holds: loading.holds });
  const refusal = {
    granted: false,
    reason: 'postgres is in use',
    need: 1_000,
    free: 500,
    holders: [{ service: 'postgres' }],
    remedies: ['wait'],
  };
  expect(await (await post('/laptop-dev/memory', refusal)).json()).toEqual({ ok: true });
  expect(await asked).toEqual(refusal);
  expect((await get('/laptop-dev/state?after=soon')).status).toBe(400);
});

test('a refusal of laptop-dev is what the client sees', async () => {
  const { engine, get, post } = await service({ maximum: 2 ** 50 });
  engine.size = 2 ** 45;
  const answer = post('/v1/chat/completions', { ...HI, stream: true });
  const { wants } = await vi.waitFor(async () => {
    const word = (await (await get('/laptop-dev/state')).json()) as Word;
    expect(word.wants).toBeGreaterThan(2 ** 45);
    return word;
  });
  const holders = [{ project: 'laptop-dev', service: 'postgres', state: 'running', keptBecause: 'an open transaction' }];
  const refusal = {
    granted: false,
    reason: 'It is over the budget.',
    need: wants,
    free: 1_000,
    holders,
    remedies: ['laptop-dev stop postgres'],
  };
  await post('/laptop-dev/memory', refusal);
  const refused = await answer;
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  const { granted: _granted, reason, ...told } = refusal;
  expect(await refused.json()).toEqual({ error: { message: reason, type: 'insufficient_memory', param: null, code: 'no_room', ...told } });
  expect(engine.loads).toEqual([]);
});

test('who listens does not keep the service from ending', async () => {
  const { app, tier, get } = await service();
  const listens = vi.spyOn(tier, 'state');
  const { version } = (await (await get('/laptop-dev/state')).json()) as Word;
  const listening = get(`/laptop-dev/state?after=${version}`);
  await vi.waitFor(() => expect(listens).toHaveBeenCalledTimes(2));
  await app.close();
  expect(await (await listening).json()).toMatchObject({ version });
});
