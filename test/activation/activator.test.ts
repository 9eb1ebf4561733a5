import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { createActivator } from '../../daemon/activation/activator.js';
import { cannotListen } from '../../daemon/activation/server-sockets.js';
import type { Listeners, Target } from '../../daemon/ports/listeners.js';
import { type Failure, failure } from '../../daemon/shared/failure.js';
import { byGear } from '../support/deep.js';
import { detailsOf } from '../support/failures.js';
import {
  bytes,
  clock,
  connected,
  echo,
  everything,
  freePort,
  listenerAt,
  openStage,
  type Running,
  SERVICE,
  serve,
  silent,
  until,
} from './harness.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(onConnection = echo): Promise<Running> {
  const running = await serve(onConnection);
  closing.push(() => running.close());
  return running;
}

async function stage(...scene: Parameters<typeof openStage>): ReturnType<typeof openStage> {
  const opened = await openStage(...scene);
  closing.push(() => opened.close());
  return opened;
}

function activatorTo(target: Target): Listeners {
  const activator = createActivator(
    { target: () => target, wake: async () => target, changed: () => undefined, spoke: () => undefined },
    { log: silent, clock },
  );
  closing.push(() => activator.close());
  return activator;
}

test('a connection to an awake service reaches it without a wake', async () => {
  const { target } = await server();
  const { client, wakes } = await stage({ protocol: 'redis', target: () => target, wake: async () => target });
  const socket = await client();
  socket.end('PING\r\n');
  expect(String(await everything(socket))).toBe('PING\r\n');
  expect(wakes()).toBe(0);
});

test('200 clients join one wake and each gets its own answer', async () => {
  const { target } = await server();
  let awake: (target: Target) => void = () => undefined;
  const start = new Promise<Target>(resolve => {
    awake = resolve;
  });
  const { client, wakes, activator } = await stage({ protocol: 'http', target: () => null, wake: () => start });
  const sockets = await Promise.all(Array.from({ length: 200 }, client));
  for (const [index, socket] of sockets.entries()) socket.end(`GET /${index} HTTP/1.1\r\n\r\n`);
  await until(() => wakes() === 200);
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 200, holding: true });
  awake(target);
  const answers = await Promise.all(sockets.map(everything));
  expect(answers.map(String)).toEqual(sockets.map((_, index) => `GET /${index} HTTP/1.1\r\n\r\n`));
});

test.each(['http', 'redis', 'postgres'] as const)('a %s connection that says nothing wakes nothing and is not counted', async protocol => {
  const { target } = await server();
  const { client, wakes, activator, reported } = await stage({ protocol, target: () => null, wake: async () => target });
  const socket = await client();
  socket.end();
  expect(String(await everything(socket))).toBe('');
  expect([wakes(), activator.activity(SERVICE).connections, reported]).toEqual([0, 0, []]);
});

test('a tcp connection wakes at once: its server may speak first', async () => {
  const { target } = await server(socket => socket.end('hello'));
  const { client, wakes } = await stage({ protocol: 'tcp', target: () => null, wake: async () => target });
  expect(String(await everything(await client()))).toBe('hello');
  expect(wakes()).toBe(1);
});

test('a client that is reset while it waits is dropped; the wake goes on and serves the next', async () => {
  const { target, sockets } = await server();
  let awake: (target: Target) => void = () => undefined;
  const start = new Promise<Target>(resolve => {
    awake = resolve;
  });
  const { client, activator } = await stage({ protocol: 'redis', target: () => null, wake: () => start });
  const [leaver, stayer] = [await client(), await client()];
  leaver.write('GET a\r\n');
  stayer.end('GET b\r\n');
  await until(() => activator.activity(SERVICE).connections === 2);
  leaver.resetAndDestroy();
  await until(() => activator.activity(SERVICE).connections === 1);
  awake(target);
  expect(String(await everything(stayer))).toBe('GET b\r\n');
  expect(sockets.size).toBeLessThanOrEqual(1);
});

test('a target that refuses connections is asked for again, then the client is refused', async () => {
  const { target } = await server();
  // Of loopback, where no other test listens: a port that was free may be another's a moment later.
  const gone = { host: '127.0.0.9', port: await freePort() };
  const moved = await stage({ protocol: 'redis', target: () => gone, wake: async () => target });
  const first = await moved.client();
  first.end('PING\r\n');
  expect(String(await everything(first))).toBe('PING\r\n');
  expect(moved.wakes()).toBe(1);
  const dead = await stage({ protocol: 'redis', target: () => gone, wake: async () => gone });
  const second = await dead.client();
  second.write('PING\r\n');
  expect(String(await everything(second))).toMatch(/^-ERR laptop-dev unhealthy: p\/s is running, but refuses connections on 127.0.0.9:\d+/);
  expect(dead.activator.activity(SERVICE)).toMatchObject({ connections: 0, holding: false });
});

test('activity counts connections and bytes, and tells when the first comes and the last goes', async () => {
  const { target, sockets } = await server(() => undefined);
  const { client, activator, reported } = await stage({ protocol: 'http', target: () => target, wake: async () => target });
  expect(activator.activity(SERVICE)).toEqual({ connections: 0, lastByteAt: null, holding: false, bytes: 0, rhythm: null });
  const socket = await client();
  const before = clock.now();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await until(() => reported.length > 0);
  const { lastByteAt, ...rest } = activator.activity(SERVICE);
  expect(rest).toEqual({ connections: 1, holding: true, bytes: 18, rhythm: null });
  expect(lastByteAt).toBeGreaterThanOrEqual(before);
  socket.on('error', () => undefined); // a reset is passed on
  for (const accepted of sockets) accepted.destroy();
  socket.end();
  await until(() => reported.at(-1)?.connections === 0);
  expect(reported[0]).toEqual({ connections: 1, holding: true });
  expect(activator.activity(SERVICE)).toMatchObject({ connections: 0, holding: false });
});

test('the end of an exchange is told although its connection stays open', async () => {
  const { target, sockets } = await server(() => undefined);
  const { client, reported } = await stage({ protocol: 'http', target: () => target, wake: async () => target });
  const socket = await client();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await until(() => reported.length > 0);
  for (const accepted of sockets) accepted.write('HTTP/1.1 204 No Content\r\n\r\n');
  await until(() => reported.length > 1);
  expect(reported).toEqual([
    { connections: 1, holding: true },
    { connections: 1, holding: false },
  ]);
});

const EXCHANGES = byGear({ deep: 2000, usual: 2000, fast: 500 });

test('many exchanges a second are told as edges, at most ten a second', async () => {
  const { target } = await server(socket => socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n')));
  const { client, reported } = await stage({ protocol: 'http', target: () => target, wake: async () => target });
  const socket = await client();
  const started = clock.now();
  for (let request = 0; request < EXCHANGES; request += 1) {
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await bytes(socket, 27);
  }
  expect(reported.length).toBeGreaterThan(0);
  expect(reported.length).toBeLessThanOrEqual(2 + (clock.now() - started) / 100);
});

test('set keeps what is open, opens what is new, closes what is gone', async () => {
  const { target } = await server();
  const activator = activatorTo(target);
  const [a, b, c] = [listenerAt(await freePort()), listenerAt(await freePort()), listenerAt(await freePort())];
  expect(await activator.set([a, b])).toEqual([]);
  const held = await connected(b.port);
  expect(await activator.set([b, c])).toEqual([]);
  await expect(once(connect(a.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  held.end('still spliced');
  expect(String(await everything(held))).toBe('still spliced');
  const late = await connected(c.port);
  late.end('new');
  expect(String(await everything(late))).toBe('new');
});

test('a port that is taken is told with its failure; the others open', async () => {
  const { target } = await server();
  const activator = activatorTo(target);
  const [taken, free] = [listenerAt(target.port), listenerAt(await freePort())];
  const failed = await activator.set([taken, free, { ...free, service: 'p/other' }]);
  const codes = failed.map(({ listener, failure }) => {
    const { port, cause } = detailsOf(failure, 'port-taken');
    return [listener.service, failure.code, port, cause];
  });
  expect(codes).toEqual([
    [SERVICE, 'port-taken', target.port, 'EADDRINUSE'],
    [SERVICE, 'port-taken', free.port, 'EADDRINUSE'],
  ]);
});

test('a port that belongs to root is told with what to do', () => {
  const found = cannotListen(listenerAt(80), 'EACCES');
  const { code, message, remedies } = found;
  expect([code, message, detailsOf(found, 'port-taken').cause]).toEqual([
    'port-taken',
    `port 80 on 127.0.0.1 cannot be opened for ${SERVICE}: this user may not listen on it`,
    'EACCES',
  ]);
  expect(remedies).toEqual([
    `Give ${SERVICE} another host port, such as 8080`,
    'sudo sysctl net.ipv4.ip_unprivileged_port_start=80 lets every user of this machine listen from 80 on',
  ]);
});

test.runIf(Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1')))(
  'a listener on 127.0.0.1 is open on ::1 as well',
  async () => {
    const { target } = await server();
    const activator = activatorTo(target);
    const listener = listenerAt(await freePort());
    await activator.set([listener]);
    const socket = await connected(listener.port, '::1');
    socket.end('six');
    expect(String(await everything(socket))).toBe('six');
  },
);

const NO: Failure = failure('over-budget', 'llm needs 2 GB, 512 MB is free', { need: 2, free: 1, holders: [] }, [
  'Stop postgres',
  'Raise the budget',
]);

test('a wake that fails: http', async () => {
  const { listener, activator } = await stage({ protocol: 'http', target: () => null, wake: async () => NO });
  const response = await fetch(`http://127.0.0.1:${listener.port}/x`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toEqual({ ok: false, error: { ...NO, type: 'unavailable', param: null } });
  expect(activator.activity(SERVICE).connections).toBe(0);
});

test('a hook that throws is told to the client as a bug of ours, and the listener stays open', async () => {
  const { target } = await server();
  let calls = 0;
  const wake = async (): Promise<Target> => {
    calls += 1;
    if (calls === 1) throw new Error('bug');
    return target;
  };
  const { client } = await stage({ protocol: 'redis', target: () => null, wake });
  const [first, second] = [await client(), await client()];
  first.write('PING\r\n');
  expect(String(await everything(first))).toContain('-ERR laptop-dev internal');
  second.end('PING\r\n');
  expect(String(await everything(second))).toBe('PING\r\n');
});

test('16 MiB are kept while it starts, then the client is held back; all of it arrives', async () => {
  const { target } = await server();
  let awake: (target: Target) => void = () => undefined;
  const start = new Promise<Target>(resolve => {
    awake = resolve;
  });
  const { client, activator } = await stage({ protocol: 'tcp', target: () => null, wake: () => start });
  const socket = await client();
  socket.end(Buffer.alloc(48 * 1024 * 1024, 7));
  const got = everything(socket);
  const kept = (): number => activator.activity(SERVICE).bytes;
  await until(() => kept() >= 16 * 1024 * 1024);
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(kept()).toBeLessThan(17 * 1024 * 1024);
  awake(target);
  expect((await got).equals(Buffer.alloc(48 * 1024 * 1024, 7))).toBe(true);
});

test('a wake that fails: redis, tcp, and TLS at an http listener', async () => {
  const answer = async (protocol: 'redis' | 'tcp' | 'http', said: string): Promise<string> => {
    const { client } = await stage({ protocol, target: () => null, wake: async () => NO });
    const socket = await client();
    socket.write(said, 'latin1');
    return String(await everything(socket));
  };
  expect(await answer('redis', '*1\r\n$4\r\nPING\r\n')).toBe(
    '-ERR laptop-dev over-budget: llm needs 2 GB, 512 MB is free. Stop postgres Raise the budget\r\n',
  );
  expect(await answer('tcp', 'x')).toBe('');
  expect(await answer('http', '\x16\x03\x01')).toBe('');
});

test('a wake that fails: postgres asks for TLS first, is told N, then the error', async () => {
  const { client } = await stage({ protocol: 'postgres', target: () => null, wake: async () => NO });
  const socket = await client();
  socket.write('\0\0\0\x08\x04\xd2\x16\x2f', 'latin1');
  expect(await bytes(socket, 1)).toBe('N');
  socket.write('\0\0\0\x10\0\x03\0\0user\0a\0\0', 'latin1');
  const error = String(await everything(socket));
  expect(error[0]).toBe('E');
  expect(error.slice(5).split('\0')).toEqual([
    'SFATAL',
    'VFATAL',
    'C53300',
    'Mlaptop-dev over-budget: llm needs 2 GB, 512 MB is free',
    'D{"need":2,"free":1,"holders":[]}',
    'HStop postgres Raise the budget',
    '',
    '',
  ]);
});

describe('a port whose protocol is a guess', () => {
  const banner = (socket: Socket): void => void socket.end('220 ready\r\n');

  test.each(['http', 'redis', 'postgres'] as const)(
    'guessed %s: a server that speaks first is heard, asleep, and is known from then on',
    async protocol => {
      const { target, close } = await serve(banner);
      const stage = await openStage({ protocol, certain: false, target: () => null, wake: async () => target });
      closing.push(close, stage.close);
      expect(String(await everything(await stage.client()))).toBe('220 ready\r\n');
      expect([stage.wakes(), stage.spoken]).toEqual([1, ['tcp']]);
    },
  );

  test('awake, it is heard though a person has written another protocol', async () => {
    const { target, close } = await serve(banner);
    const stage = await openStage({ protocol: 'http', target: () => target, wake: async () => target });
    closing.push(close, stage.close);
    expect(String(await everything(await stage.client()))).toBe('220 ready\r\n');
    expect(stage.wakes()).toBe(0);
  });

  test('guessed tcp: what the client speaks is followed, and refused in', async () => {
    const { target, close } = await serve(
      socket => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    );
    const served = await openStage({ protocol: 'tcp', certain: false, target: () => target, wake: async () => target });
    const why = failure('over-budget', 'no room', { holders: [] });
    const refused = await openStage({
      protocol: 'tcp',
      certain: false,
      target: () => null,
      wake: () => new Promise(resolve => setTimeout(resolve, 100, why)),
    });
    closing.push(close, served.close, refused.close);
    for (const [stage, status] of [
      [served, 200],
      [refused, 503],
    ] as const) {
      const client = await stage.client();
      client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(String(await everything(client))).toContain(`HTTP/1.1 ${status}`);
    }
    expect(served.spoken).toEqual(['http']);
  });

  test('TLS where HTTP was guessed is told as TLS, and followed as bytes', async () => {
    const { target, close } = await serve(socket => void socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]))));
    const stage = await openStage({ protocol: 'http', certain: false, target: () => target, wake: async () => target });
    closing.push(close, stage.close);
    const client = await stage.client();
    client.write(Buffer.from([0x16, 3, 1, 0, 4, 1, 0, 0, 0]));
    await everything(client);
    expect(stage.spoken).toEqual(['tls']);
  });

  test('a monitor that connects and leaves wakes nothing', async () => {
    const stage = await openStage({ protocol: 'http', certain: false, target: () => null, wake: () => new Promise(() => undefined) });
    closing.push(stage.close);
    (await stage.client()).end();
    await new Promise(resolve => setTimeout(resolve, 350));
    expect(stage.wakes()).toBe(0);
  });
});
