import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryRequests } from '../../daemon/memory-requests/memory-requests.js';
import { readReport } from '../../daemon/memory-requests/read-report.js';
import type { ReportedMemory } from '../../daemon/ports/memory-requests.js';
import { failure } from '../../daemon/shared/failure.js';
import { holder } from '../support/failures.js';

const QUIET: ReportedMemory = { wants: null, holds: 0, loading: null, model: null };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function served(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('a service that is followed', () => {
  test('is asked for what is newer than what it has said; the same again is not told', async () => {
    const said = [
      { version: 1, ...QUIET },
      { version: 1, ...QUIET },
      { version: 4, ...QUIET, wants: 7, loading: { model: 'a.b', share: 0.5 } },
    ];
    const urls: (string | undefined)[] = [];
    const target = await served((request, response) => {
      urls.push(request.url);
      const next = said.shift();
      if (next) response.end(JSON.stringify(next));
    });
    const leave = new AbortController();
    const words: ReportedMemory[] = [];
    await createMemoryRequests().follow(
      target,
      word => {
        words.push(word);
        if (words.length === 2) leave.abort();
      },
      leave.signal,
    );
    expect(words).toEqual([QUIET, { ...QUIET, wants: 7, loading: { model: 'a.b', share: 0.5 } }]);
    expect(urls).toEqual(['/laptop-dev/state', '/laptop-dev/state?after=1', '/laptop-dev/state?after=1']);
  });

  test('that answers nonsense, or nothing, is asked again from the start', async () => {
    const answers = [
      (response: ServerResponse) => response.end('<html>'),
      (response: ServerResponse) => response.destroy(),
      (response: ServerResponse) => response.writeHead(404).end(JSON.stringify({ version: 9, ...QUIET })),
      (response: ServerResponse) => response.end(JSON.stringify({ version: 2, ...QUIET })),
    ];
    const target = await served((_request, response) => void answers.shift()?.(response));
    const leave = new AbortController();
    const words: ReportedMemory[] = [];
    await createMemoryRequests().follow(
      target,
      word => {
        words.push(word);
        leave.abort();
      },
      leave.signal,
    );
    expect(words).toEqual([QUIET]);
  });
});

describe('an answer', () => {
  test('says that the limit holds, or why it does not, who holds what and what to do', async () => {
    const bodies: unknown[] = [];
    const target = await served(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      bodies.push(JSON.parse(text));
      response.end('{}');
    });
    const asks = createMemoryRequests();
    await asks.answer(target, 9, null);
    const holders = [holder({ service: 'db' })];
    await asks.answer(target, 9, failure('over-budget', 'No.', { need: 9, free: -1, holders }, ['stop db']));
    expect(bodies).toEqual([
      { granted: true, reason: null, need: 9, free: 9, holders: [], remedies: [] },
      { granted: false, reason: 'No.', need: 9, free: 0, holders, remedies: ['stop db'] },
    ]);
  });

  test('that is not taken is an error', async () => {
    const target = await served((_request, response) => response.writeHead(500).end());
    await expect(createMemoryRequests().answer(target, 9, null)).rejects.toThrow('HTTP 500');
  });
});

describe('the word of a service', () => {
  const of = (change: object) => readReport(JSON.stringify({ version: 1, ...QUIET, ...change }))?.word ?? null;
  test.each([
    [{ wants: -1 }, null],
    [{ wants: 1.5 }, null],
    [{ wants: '1' }, null],
    [{ holds: null }, null],
    [{ holds: 2 ** 60 }, null],
    [{ version: 'x' }, null],
    [{ loading: { model: 'a', share: 2 } }, QUIET],
    [{ loading: { model: 'a\u001b[2J', share: 0.1 } }, QUIET],
    [{ model: 'x'.repeat(300) }, QUIET],
    [
      { model: 'tiny-Q4_0', more: 1 },
      { ...QUIET, model: 'tiny-Q4_0' },
    ],
  ])('%j', (change, expected) => expect(of(change)).toEqual(expected));
  test.each(['', 'null', '[]', '{', '7'])('%s is none', text => expect(readReport(text)).toBeNull());
});
