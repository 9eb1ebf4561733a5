import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Protocol } from '../../daemon/model/spec.js';
import { bytes, clock, everything, openStage, type Running, SERVICE, serve, until } from './harness.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const GET = 'GET / HTTP/1.1\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const PING = '*1\r\n$4\r\nPING\r\n';

async function scene(
  protocol: Protocol,
  serving: (socket: Socket) => void,
): Promise<{ running: Running } & Awaited<ReturnType<typeof openStage>>> {
  const running = await serve(serving);
  let isAwake = true;
  const opened = await openStage({ protocol, target: () => (isAwake ? running.target : null), wake: async () => running.target });
  closing.push(
    () => running.close(),
    () => opened.close(),
  );
  const { activator } = opened;
  return {
    ...opened,
    running,
    activator: {
      ...activator,
      drain: (service, timeout) => {
        isAwake = false;
        return activator.drain(service, timeout);
      },
    },
  };
}

test('a pool of 20 silent connections is not holding, and is closed by FIN', async () => {
  const { client, activator, running } = await scene('redis', socket =>
    socket.on('data', () => socket.write('+PONG\r\n')).on('end', () => socket.end()),
  );
  const pool = await Promise.all(Array.from({ length: 20 }, client));
  for (const socket of pool) {
    socket.write(PING);
    await bytes(socket, 7);
  }
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 20, holding: false });
  const ends = pool.map(socket => everything(socket).then(() => socket.end()));
  // Far longer than the test may take: it does not end by this.
  await activator.drain(SERVICE, 600_000);
  await Promise.all(ends);
  expect([running.sockets.size, activator.activity(SERVICE).connections]).toEqual([0, 0]);
});

test('a busy connection is waited for, its answer arrives whole, then it is closed', async () => {
  // It reads, so that it hears the end: one that does not is given two seconds to.
  const { client, activator, running } = await scene('redis', socket => socket.resume().on('end', () => socket.end()));
  const socket = await client();
  const got = everything(socket).finally(() => socket.end());
  socket.write(PING);
  await until(() => activator.activity(SERVICE).bytes === 14);
  await until(() => running.sockets.size === 1);
  let isDrained = false;
  const drained = activator.drain(SERVICE, 5000).then(() => {
    isDrained = true;
  });
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(isDrained).toBe(false);
  for (const accepted of running.sockets) accepted.write('+PONG\r\n');
  await drained;
  expect(String(await got)).toBe('+PONG\r\n');
});

test('an open transaction is not cut: drain gives up at its timeout and leaves it be', async () => {
  const { client, activator } = await scene('redis', socket => socket.on('data', () => socket.write('+OK\r\n')));
  const socket = await client();
  socket.write('MULTI\r\n');
  await bytes(socket, 5);
  const started = clock.now();
  await activator.drain(SERVICE, 100);
  expect(clock.now() - started).toBeGreaterThanOrEqual(99);
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 1, holding: true });
  socket.write('INCR a\r\n');
  expect(await bytes(socket, 5)).toBe('+OK\r\n');
});

test('an HTTP client between two requests is kept, and its next request wakes the service', async () => {
  const { client, activator, wakes, running } = await scene('http', socket =>
    socket.on('data', () => socket.write(OK)).on('end', () => socket.end()),
  );
  const socket = await client();
  socket.write(GET);
  expect(await bytes(socket, OK.length)).toBe(OK);
  await activator.drain(SERVICE, 1000);
  expect([activator.activity(SERVICE).connections, wakes()]).toEqual([0, 0]);
  await until(() => running.sockets.size === 0);
  socket.write(GET);
  expect(await bytes(socket, OK.length)).toBe(OK);
  expect(wakes()).toBe(1);
});

test('while a service drains, a new connection waits for the next wake', async () => {
  const { client, activator, wakes } = await scene('redis', socket => socket.on('data', () => socket.write('+OK\r\n')));
  const busy = await client();
  busy.write('MULTI\r\n');
  await bytes(busy, 5);
  const drained = activator.drain(SERVICE, 200);
  const late = await client();
  late.write(PING);
  expect(await bytes(late, 5)).toBe('+OK\r\n');
  expect(wakes()).toBe(1);
  await drained;
});

test.each(['tcp', 'redis'] as const)('a %s client that reads slowly gets all of a large answer', async protocol => {
  const size = 24 * 1024 * 1024;
  const answer = Buffer.alloc(size, 'abcdefg\n');
  const { client, activator } = await scene(protocol, socket =>
    socket.once('data', () => socket.write(answer)).on('end', () => socket.end()),
  );
  const socket = await client();
  socket.pause();
  socket.write(PING);
  // Stands still: what the kernel's buffers and ours hold has been read from the server, the client reads nothing.
  let before = -1;
  while (before !== activator.activity(SERVICE).bytes) {
    before = activator.activity(SERVICE).bytes;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  expect(before).toBeLessThan(size);
  const drained = activator.drain(SERVICE, 10_000);
  await new Promise(resolve => setTimeout(resolve, 100));
  const got = everything(socket).finally(() => socket.end());
  socket.resume();
  await drained;
  expect((await got).equals(answer)).toBe(true);
});

test('a tcp client that was not answered yet is given a second; one that has half-closed, the whole timeout', async () => {
  const { client, activator, running } = await scene('tcp', socket => socket.on('data', () => undefined));
  const [asking, halfway] = [await client(), await client()];
  asking.write('x');
  halfway.end('y');
  await until(() => running.sockets.size === 2 && activator.activity(SERVICE).bytes === 2);
  const asked = once(asking, 'end').then(() => clock.now());
  asking.resume();
  halfway.resume();
  const started = clock.now();
  await activator.drain(SERVICE, 1500);
  expect(clock.now() - started).toBeGreaterThanOrEqual(1499);
  expect((await asked) - started).toBeGreaterThan(900);
  expect(halfway.readableEnded).toBe(false);
});
