import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import type { Protocol } from '../../daemon/core/model.js';
import type { Question } from '../../daemon/ports/doors.js';
import { freePort, serve } from './harness.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Asks a server that gives these answers, one a connection, the last for good. Resolves to how many it took. */
async function tries(protocol: Protocol, answers: readonly ((socket: Socket) => void)[], path?: string): Promise<number> {
  let asked = 0;
  const { target, close } = await serve(socket => {
    asked += 1;
    (answers[asked - 1] ?? answers.at(-1))?.(socket);
  });
  closing.push(close);
  const question: Question = { protocol, target, ...(path !== undefined && { path }) };
  expect(await untilReady(question, AbortSignal.timeout(5000))).toBe(true);
  return asked;
}

/** Waits for the question, as a server does, then says this. */
const says = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text, 'latin1'));
const closes = (socket: Socket): void => void socket.destroy();

test('redis: LOADING is not ready; PONG and NOAUTH are', async () => {
  expect(await tries('redis', [closes, says('-LOADING Redis is loading the dataset in memory\r\n'), says('+PONG\r\n')])).toBe(3);
  expect(await tries('redis', [says('-NOAUTH Authentication required.\r\n')])).toBe(1);
});

test('postgres: starting up is not ready; a wish for a password is, and so is another error', async () => {
  const error = (code: string) => `E\0\0\0\x40SFATAL\0VFATAL\0C${code}\0Mwords\0\0`;
  expect(await tries('postgres', [says(error('57P03')), closes, says('R\0\0\0\x08\0\0\0\x03')])).toBe(3);
  expect(await tries('postgres', [says(error('28000'))])).toBe(1);
});

test('http: below 500 at the path asked for', async () => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(paths.length < 3 ? 503 : 404).end();
  });
  const port = await freePort();
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  closing.push(async () => void server.close());
  const ready = await untilReady({ protocol: 'http', target: { host: '127.0.0.1', port }, path: '/health' }, AbortSignal.timeout(5000));
  expect([ready, paths]).toEqual([true, ['/health', '/health', '/health']]);
});

test('tcp: a connection that is closed at once, as by a proxy in front of nothing, is not ready', async () => {
  expect(await tries('tcp', [closes, socket => void socket.end(), () => undefined])).toBe(3);
  expect(await tries('tcp', [socket => void socket.write('220 ready')])).toBe(1);
});

test('the first tries come in steps of a few milliseconds', async () => {
  const at: number[] = [];
  await tries('redis', [
    ...Array.from({ length: 6 }, () => (socket: Socket) => {
      at.push(performance.now());
      socket.destroy();
    }),
    says('+PONG\r\n'),
  ]);
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect(gaps.sort((a, b) => a - b)[0]).toBeLessThan(10);
});

test('nobody there until the time is over: false', async () => {
  const target = { host: '127.0.0.1', port: await freePort() };
  const started = performance.now();
  expect(await untilReady({ protocol: 'postgres', target }, AbortSignal.timeout(100))).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('one that accepts and says nothing is given up when the time is over', async () => {
  const { target, close } = await serve(() => undefined);
  closing.push(close);
  for (const protocol of ['redis', 'http', 'postgres'] as const) {
    expect(await untilReady({ protocol, target }, AbortSignal.timeout(50))).toBe(false);
  }
});
