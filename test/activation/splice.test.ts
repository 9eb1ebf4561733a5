import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseStream, provesItself } from '../../daemon/activation/choose-stream.js';
import { ClientConnection } from '../../daemon/activation/connection.js';
import { rawStream } from '../../daemon/activation/raw-stream.js';
import { type OpenByteStream, openByteStream } from '../../daemon/activation/stream.js';
import { createTraffic } from '../../daemon/activation/traffic.js';
import type { Target } from '../../daemon/ports/listeners.js';
import { byGear } from '../support/deep.js';
import { clock, connected, echo, everything, listenerAt, type Running, serve, silent, until } from './harness.js';

const MiB = 1024 * 1024;
/** Each way: many times what kernel and process hold. */
const SENT = byGear({ deep: 64, usual: 64, fast: 16 }) * MiB;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A spliced pair: the client's socket and the server's, with nothing but the code under test between them. */
async function pair(openStream: OpenByteStream): Promise<{ client: Socket; server: Socket; front: Running; back: Running }> {
  const back = await serve(() => undefined);
  const front = await frontOf(openStream, back.target);
  const client = await connected(front.target.port);
  closing.push(
    () => back.close(),
    () => front.close(),
    () => void client.destroy(),
  );
  await until(() => back.sockets.size === 1);
  const [server] = back.sockets;
  if (!server) throw new Error('no server');
  return { client, server, front, back };
}

function frontOf(openStream: OpenByteStream, target: Target): Promise<Running> {
  const traffic = createTraffic(clock, () => undefined);
  const hooks = { target: () => target, wake: async () => target, changed: () => undefined, spoke: () => undefined };
  closing.push(() => traffic.close());
  return serve(socket => {
    socket.pause();
    new ClientConnection(socket, listenerAt(0), { hooks, log: silent, clock, openStream, traffic });
  });
}

const raw = rawStream();
test('this Node has what the raw stream needs, and it proves itself', async () => {
  expect(raw && (await provesItself(raw))).toBe(true);
  expect(await chooseStream(silent)).not.toBe(openByteStream);
});

test('a raw stream that is missing, throws, loses, or never answers is not chosen', async () => {
  expect(rawStream({ WriteWrap: Object, streamBaseState: [] })).toBeNull();
  expect(await chooseStream(silent, null)).toBe(openByteStream);
  const broken: OpenByteStream = () => {
    throw new Error('no handle');
  };
  expect(await chooseStream(silent, broken)).toBe(openByteStream);
  const lossy: OpenByteStream = (socket, events) => openByteStream(socket, { ...events, chunk: chunk => events.chunk(chunk.subarray(1)) });
  expect(await chooseStream(silent, lossy)).toBe(openByteStream);
  const deaf: OpenByteStream = (socket, events) => openByteStream(socket, { ...events, chunk: () => undefined });
  expect(await chooseStream(silent, deaf)).toBe(openByteStream);
});

describe.each([
  ['raw', raw ?? openByteStream],
  ['public', openByteStream],
] as const)('the %s stream', (_, openStream) => {
  test('half-close by the client: the whole answer still arrives', async () => {
    const { client, server } = await pair(openStream);
    client.end('question');
    expect(String(await everything(server))).toBe('question');
    server.write('first ');
    await once(client, 'data');
    server.end('second');
    expect(String(await everything(client))).toBe('second');
  });

  test('half-close by the server: the client may go on', async () => {
    const { client, server } = await pair(openStream);
    server.end('bye');
    expect(String(await everything(client))).toBe('bye');
    client.end('last words');
    expect(String(await everything(server))).toBe('last words');
  });

  test('a reset is passed on, either way', async () => {
    const one = await pair(openStream);
    one.client.on('error', () => undefined);
    const cut = once(one.client, 'error');
    one.client.resume();
    one.server.resetAndDestroy();
    expect((await cut)[0]).toMatchObject({ code: 'ECONNRESET' });
    const two = await pair(openStream);
    const other = new Promise(resolve => two.server.once('error', resolve));
    two.server.resume();
    two.client.resetAndDestroy();
    expect(await other).toMatchObject({ code: 'ECONNRESET' });
  });

  test('back-pressure: a client that does not read stops the server', async () => {
    const { client, server } = await pair(openStream);
    const chunk = Buffer.alloc(MiB);
    let sent = 0;
    while (sent < 64 && server.write(chunk)) sent += 1;
    while (sent < 64 && (await Promise.race([once(server, 'drain'), new Promise(resolve => setTimeout(resolve, 200, null))]))) {
      server.write(chunk);
      sent += 1;
    }
    // What the sockets of the kernel and one buffer hold; then it stands still.
    expect(sent).toBeLessThan(32);
    let read = 0;
    client.on('data', data => {
      read += data.length;
    });
    server.end();
    await once(client, 'end');
    expect(read).toBe(server.bytesWritten);
  });

  test(`${SENT / MiB} MiB each way at once arrive as they were sent, in odd chunks`, async () => {
    const back = await serve(echo);
    const front = await frontOf(openStream, back.target);
    closing.push(
      () => back.close(),
      () => front.close(),
    );
    const client = await connected(front.target.port);
    const [sent, got] = [createHash('sha256'), createHash('sha256')];
    const received = pipeline(
      client,
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) got.update(chunk);
        yield '';
      },
      new Writable({ write: (_chunk, _encoding, done) => done() }),
    );
    for (let left = SENT, size = 1; left > 0; size = (size * 7 + 13) % 300_000) {
      const chunk = Buffer.alloc(Math.min(left, size + 1), size % 256);
      left -= chunk.length;
      sent.update(chunk);
      if (!client.write(chunk)) await once(client, 'drain');
    }
    client.end();
    await received;
    expect(got.digest('hex')).toBe(sent.digest('hex'));
  });
});
