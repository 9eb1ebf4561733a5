import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import type { Protocol } from '../../daemon/model/spec.js';
import type { ProbeOutcome, ProbeQuestion } from '../../daemon/ports/listeners.js';
import { connected, freePort, serve, until } from './harness.js';

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
  const question: ProbeQuestion = { protocol, target, ...(path !== undefined && { path }) };
  expect(await untilReady(question, AbortSignal.timeout(5000))).toMatchObject({ ready: true });
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
  const { ready } = await untilReady({ protocol: 'http', target: { host: '127.0.0.1', port }, path: '/health' }, AbortSignal.timeout(5000));
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

test('where nobody listens it is asked until the time is over, and is not ready', async () => {
  const target = { host: '127.0.0.9', port: await freePort() };
  const over = AbortSignal.timeout(100);
  expect(await untilReady({ protocol: 'postgres', target }, over)).toMatchObject({ ready: false, listens: false });
  expect(over.aborted).toBe(true);
});

test('one that accepts and says nothing is given up when the time is over, and not asked in another protocol then', async () => {
  let connections = 0;
  const { target, close } = await serve(() => void connections++);
  closing.push(close);
  const asked = (['redis', 'http', 'postgres'] as const).map(protocol => untilReady({ protocol, target }, AbortSignal.timeout(50)));
  asked.push(untilReady({ protocol: 'tls', target, guessed: true }, AbortSignal.timeout(50)));
  for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject({ ready: false });
  // One later is what tells that all before it have been counted.
  const last = await connected(target.port);
  await until(() => connections > 4);
  last.destroy();
  expect(connections).toBe(5);
});

/** Asks a port whose protocol is a guess. */
async function guessed(protocol: Protocol, answer: (socket: Socket) => void): Promise<ProbeOutcome> {
  const { target, close } = await serve(answer);
  closing.push(close);
  return untilReady({ protocol, target, guessed: true }, AbortSignal.timeout(8000));
}

test('a guess gives way to a server that speaks first, whatever was guessed', async () => {
  for (const protocol of ['http', 'redis', 'postgres'] as const) {
    expect(await guessed(protocol, socket => void socket.write('220 ready\r\n'))).toEqual({ ready: true, protocol: 'tcp' });
  }
});

test('a guess gives way to another protocol that answers', async () => {
  expect(await guessed('redis', says('HTTP/1.1 400 Bad Request\r\n\r\n'))).toEqual({ ready: true, protocol: 'http' });
  expect(await guessed('http', says('-ERR unknown command\r\n'))).toEqual({ ready: true, protocol: 'tcp' });
});

test('a guess does not hold up one that accepts and says nothing, nor one that answers / with 500', async () => {
  const [silent, failing] = await Promise.all([guessed('http', () => undefined), guessed('http', says('HTTP/1.1 500 Oh\r\n\r\n'))]);
  expect(silent).toEqual({ ready: true, protocol: null });
  expect(failing).toEqual({ ready: true, protocol: 'http' });
});

test('TLS is found out where HTTP was guessed, and named where a person has written it', async () => {
  // A server without a certificate answers a hello with an alert, and what is no hello by closing.
  const server = createTlsServer({});
  const port = await freePort();
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  closing.push(async () => void server.close());
  const target = { host: '127.0.0.1', port };
  expect(await untilReady({ protocol: 'http', target, guessed: true }, AbortSignal.timeout(5000))).toEqual({
    ready: true,
    protocol: 'tls',
  });
  expect(await untilReady({ protocol: 'tls', target }, AbortSignal.timeout(5000))).toEqual({ ready: true, protocol: 'tls' });
  const refused = await untilReady({ protocol: 'http', target }, AbortSignal.timeout(500));
  expect(refused).toEqual({ ready: false, why: `${port} speaks TLS, not http`, listens: true, speaks: 'tls' });
});

test('a web server with TLS that says so in plain words is TLS too', async () => {
  const nginx = 'HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>';
  const { target, close } = await serve(says(nginx));
  closing.push(close);
  const refused = await untilReady({ protocol: 'http', target, path: '/health' }, AbortSignal.timeout(300));
  expect(refused).toMatchObject({ ready: false, speaks: 'tls' });
});
