import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { buildApp } from '../../compose/services/api/src/app.js';
import { type Advisor, httpAdvisor } from '../../compose/services/api/src/summary/advisor.js';
import { memoryStore } from './support/memory-store.js';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What stands behind LLM_URL. */
async function advisor(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An API whose advisor is `advisor` at each question. */
async function api(advisor: Advisor) {
  const records = memoryStore();
  await records.create({ name: 'a bill', data: { total: 12 } });
  return buildApp({ records, advisor, checks: [], checkTimeout: 1, logLevel: 'silent' });
}

/** One for all that ask of it by `summary`, as making one compiles its schemas; its advisor is the one of the last question. */
let current: Advisor = httpAdvisor('http://127.0.0.1:9', 1);
const shared = api({ summarise: (...question) => current.summarise(...question) });

async function summary(url: string, patience = 5_000, id = 1) {
  current = httpAdvisor(url, patience);
  const answer = await (await shared).inject({ method: 'POST', url: `/records/${id}/summary` });
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], body: answer.json() };
}

const answering = (status: number, body: object, headers: Record<string, string> = {}) =>
  advisor((_request, response) => response.writeHead(status, headers).end(JSON.stringify(body)));

test('a record is summarised by whatever speaks OpenAI’s API', async () => {
  const asked: { url: string | undefined; body: { messages: { role: string; content: string }[] } }[] = [];
  const url = await advisor((request, response) => {
    let text = '';
    request.on('data', part => {
      text += part;
    });
    request.on('end', () => {
      asked.push({ url: request.url, body: JSON.parse(text) });
      const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 };
      response.end(JSON.stringify({ model: 'toy', choices: [{ message: { content: ' A bill of 12. ' } }], usage }));
    });
  });
  expect(await summary(url)).toEqual({
    status: 200,
    retryAfter: undefined,
    body: { id: 1, summary: 'A bill of 12.', model: 'toy', usage: { promptTokens: 30, completionTokens: 5 } },
  });
  expect(asked[0]?.url).toBe('/v1/chat/completions');
  expect(asked[0]?.body.messages.at(-1)).toEqual({ role: 'user', content: '{"name":"a bill","data":{"total":12}}' });
});

test('a record that is not there wakes nobody', async () => {
  const asked = vi.fn();
  const url = await advisor(asked);
  expect(await summary(url, 5_000, 2)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  ['no room now', 503, 503],
  ['never fits', 507, 507],
  ['too many wait', 429, 429],
  ['no model', 404, 503],
  ['a damaged model', 422, 502],
  ['an error of the engine', 500, 502],
])('%s: %i of the advisor is %i of the API, with its reason', async (_what, status, expected) => {
  const told = { need: 5, free: 3, holders: [{ service: 'postgres' }], remedies: ['laptop-dev stop postgres'] };
  const error = { message: 'It is over the budget.', type: 'x', param: null, code: 'no_room', ...told };
  expect(await summary(await answering(status, { error }, { 'retry-after': '10' }))).toEqual({
    status: expected,
    retryAfter: '10',
    body: { error: { code: 'no_room', message: 'It is over the budget.', ...told } },
  });
});

test('the refusal that laptop-dev sends for a service that cannot be woken is passed on as well', async () => {
  const body = { ok: false, error: { code: 'over-budget', message: 'No room', details: { free: 1 }, remedies: [] } };
  expect(await summary(await answering(503, body, { 'retry-after': '5' }))).toEqual({
    status: 503,
    retryAfter: '5',
    body: { error: { code: 'over-budget', message: 'No room', details: { free: 1 }, remedies: [] } },
  });
});

test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'])('%s: there is no advisor in the profile, and that is what is said', async code => {
  const failed = new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
  const asked = vi.spyOn(globalThis, 'fetch').mockRejectedValue(failed);
  ends.push(() => asked.mockRestore());
  const { status, body } = await summary('http://llm-advisor:8090');
  expect([status, body.error.code, body.error.message]).toEqual([503, 'no-advisor', 'There is no LLM Advisor in this profile']);
  expect(body.error.remedies).toEqual(['laptop-dev up llm']);
});

test('one that breaks off is 503, one that takes too long 504, one that talks nonsense 502', async () => {
  const broken = await summary(await advisor(request => request.socket.destroy()));
  expect([broken.status, broken.body.error.code, broken.retryAfter]).toEqual([503, 'advisor-away', '5']);
  expect(await summary(await advisor(() => undefined), 50)).toMatchObject({ status: 504, body: { error: { code: 'advisor-late' } } });
  expect(await summary(await answering(200, {}))).toMatchObject({ status: 502, body: { error: { code: 'advisor-strange' } } });
});

test('a client that leaves takes its question back', async () => {
  const left = vi.fn();
  const asked = vi.fn();
  const url = await advisor((_request, response) => {
    asked();
    response.on('close', left);
  });
  const app = await api(httpAdvisor(url, 5_000));
  ends.push(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST /records/1/summary HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  socket.destroy();
  await vi.waitFor(() => expect(left).toHaveBeenCalled());
});
