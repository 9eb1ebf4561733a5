import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openUrl } from '../../daemon/cli/llm/source-url.js';

const CONTENT = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(1_000_000, 'model ')]);
const SUM = createHash('sha256').update(CONTENT).digest('hex');
const never = () => new AbortController().signal;

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server with one file, and what it was asked for. */
async function serve(handler: Handler) {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handler(request, response, ranges.length);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.gguf`, ranges, server };
}

function startOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

/** Answers with the range asked for; `until`: breaks the connection there. */
function answer(request: IncomingMessage, response: ServerResponse, until = CONTENT.length, content = CONTENT): void {
  const from = startOf(request);
  const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from, etag: '"1"', ...range });
  if (until >= content.length) response.end(content.subarray(from));
  else response.write(content.subarray(from, until), () => response.destroy());
}

async function read(url: string, from = 0, onAgain: (at: number) => void = () => undefined) {
  const source = await openUrl(url, { signal: never(), pause: 1, onAgain });
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(from, never())) chunks.push(chunk);
  return { source, content: Buffer.concat(chunks) };
}

describe('a download', () => {
  test('is read whole, redirects followed, with its size and checksum', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/m.gguf') response.writeHead(302, { location: '/moved/m.gguf' }).end();
      else answer(request, response);
    });
    const { source, content } = await read(url);
    expect([source.bytes, source.sum(), content.equals(CONTENT)]).toEqual([CONTENT.length, SUM, true]);
  });

  test('goes on from a byte with a range', async () => {
    const { url, ranges } = await serve((request, response) => answer(request, response));
    const { source, content } = await read(url, 300_000);
    expect([content.equals(CONTENT.subarray(300_000)), source.sum()]).toEqual([true, null]);
    expect(ranges).toEqual([undefined, 'bytes=300000-']);
  });

  test('goes on where the server knows no ranges, from its start', async () => {
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-length': CONTENT.length, etag: '"1"' }).end(CONTENT));
    expect((await read(url, 300_000)).content.equals(CONTENT.subarray(300_000))).toBe(true);
  });

  test('that breaks off is taken up again, and complete', async () => {
    const { url, ranges } = await serve((request, response, count) => answer(request, response, count < 4 ? count * 250_000 : undefined));
    const breaks: number[] = [];
    const { source, content } = await read(url, 0, at => breaks.push(at));
    expect([content.equals(CONTENT), source.sum()]).toEqual([true, SUM]);
    expect(breaks).toHaveLength(3);
    expect(ranges).toEqual([undefined, ...breaks.map(at => `bytes=${at}-`)]);
  });

  test('that keeps breaking off fails after five more tries', async () => {
    const { url, ranges } = await serve((request, response) => answer(request, response, startOf(request) + 10_000));
    await expect(read(url)).rejects.toMatchObject({
      failure: { code: 'download-failed', details: { at: expect.any(Number), bytes: expect.any(Number) } },
    });
    expect(ranges).toHaveLength(6);
  });

  test('of content that has changed meanwhile fails', async () => {
    const { url } = await serve((request, response, count) => {
      if (count === 1) answer(request, response, 150_000);
      else response.writeHead(200, { 'content-length': 10, etag: '"2"' }).end('GGUF more.');
    });
    await expect(read(url)).rejects.toMatchObject({
      failure: { code: 'download-failed', message: expect.stringContaining('has changed since the download began') },
    });
  });

  test('ends when it is given up', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 1_000));
    });
    for (const [given, reader] of [
      [new AbortController(), null],
      [null, new AbortController()],
    ]) {
      // biome-ignore format: short
      const source = await openUrl(url, { signal: given?.signal ?? never(), pause: 1 });
      const reading = (async () => {
        for await (const _ of source.read(0, reader?.signal ?? never())) setImmediate(() => (given ?? reader)?.abort());
      })();
      await expect(reading).rejects.toThrow();
      await source.close();
    }
  });
});

describe('refused is', () => {
  test.each([404, 403, 500])('an answer of %d', async status => {
    const { url } = await serve((_, response) => response.writeHead(status).end('no'));
    await expect(read(url)).rejects.toMatchObject({ failure: { code: 'download-failed', details: { status } } });
  });

  test('a page', async () => {
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'));
    await expect(read(url)).rejects.toMatchObject({
      failure: { code: 'model-refused', message: expect.stringContaining('is a web page') },
    });
  });

  test('what is no model', async () => {
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-length': 9 }).end('PK\u0003\u0004 zip.'));
    await expect(read(url)).rejects.toMatchObject({ failure: { code: 'model-refused', message: expect.stringContaining('begins with') } });
  });

  test('an answer without a size', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200);
      response.write('GGUF');
      response.end();
    });
    await expect(read(url)).rejects.toMatchObject({ failure: { code: 'download-failed', message: expect.stringContaining('how large') } });
  });

  test('an address where nobody listens', async () => {
    const { url, server } = await serve(() => undefined);
    await new Promise(resolve => server.close(resolve));
    await expect(read(url)).rejects.toMatchObject({
      failure: { code: 'download-failed', message: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

test('the same address with the same content is the same to a part, with other content it is not', async () => {
  let etag = '"1"';
  const { url } = await serve((_, response) => response.writeHead(200, { 'content-length': CONTENT.length, etag }).end(CONTENT));
  const of = async () => (await openUrl(url, { signal: never() })).of;
  const first = await of();
  expect(await of()).toBe(first);
  etag = '"2"';
  expect(await of()).not.toBe(first);
});
