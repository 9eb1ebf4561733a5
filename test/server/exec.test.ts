import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../../daemon/client/client.js';
import type { ExecOptions, ExecSession } from '../../daemon/ports/ports.js';
import { fake, type Running, serve } from './harness.js';

let running: Running | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

type Output = { stream: 'stdout' | 'stderr'; data: Uint8Array };

/** A command under a test's hand. */
class Command implements ExecSession {
  readonly input: string[] = [];
  readonly sizes: (readonly [number, number])[] = [];
  ended = false;
  readonly closed: Promise<void>;
  #close: () => void = () => undefined;
  #queue: (Output | null)[] = [];
  #wake: () => void = () => undefined;
  #onInput: () => void = () => undefined;
  constructor() {
    this.closed = new Promise(resolve => {
      this.#close = resolve;
    });
  }
  say(stream: Output['stream'], text: string): void {
    this.#put({ stream, data: Buffer.from(text) });
  }
  finish(): void {
    this.#put(null);
  }
  async untilInput(count: number): Promise<void> {
    while (this.input.length < count) await new Promise<void>(resolve => (this.#onInput = resolve)); // biome-ignore format: short
  }
  write(data: Uint8Array): void {
    this.input.push(Buffer.from(data).toString());
    this.#onInput();
  }
  end(): void {
    this.ended = true;
    this.finish();
  }
  async resize(columns: number, rows: number): Promise<void> {
    this.sizes.push([columns, rows]);
  }
  get output(): AsyncIterable<Output> {
    return this.#read();
  }
  exitCode(): Promise<number> {
    return Promise.resolve(7);
  }
  close(): void {
    this.finish();
    this.#close();
  }
  #put(item: Output | null): void {
    this.#queue.push(item);
    this.#wake();
  }
  async *#read(): AsyncGenerator<Output> {
    for (;;) {
      const item = this.#queue.shift();
      if (item === null) return;
      if (item) yield item;
      else await new Promise<void>(resolve => (this.#wake = resolve)); // biome-ignore format: short
    }
  }
}

async function withCommand(limits = {}) {
  const command = new Command();
  const asked: (readonly [string, ExecOptions])[] = [];
  const double = fake({
    exec: async (id, options) => {
      asked.push([id, options]);
      return command;
    },
  });
  running = await serve(double.supervisor, limits);
  return { command, asked, client: new Client(running.socket), socket: running.socket };
}

const path = '/v1/projects/shop/services/api/exec';
const raw = (socket: string, where = path, headers: Record<string, string> = {}) =>
  new WebSocket(`ws+unix://${socket}:${where}`, { headers: { host: 'laptop-dev', ...headers } });
const statusOf = (client: WebSocket) =>
  new Promise(resolve => client.on('unexpected-response', (_, response) => resolve(response.statusCode)).on('error', () => undefined));

describe('an exec session', () => {
  it('carries input, both outputs, sizes and the exit code', async () => {
    const { command, asked, client } = await withCommand();
    const start = { command: ['sh', '-c', 'x'], tty: true, environment: { A: 'b' }, columns: 80, rows: 24 };
    const channel = await client.exec('shop', 'api', start);
    const seen: string[] = [];
    channel.onOutput((stream, data) => seen.push(`${stream} ${Buffer.from(data)}`));
    channel.resize(100, 30);
    channel.write(Buffer.from('hello'));
    await command.untilInput(1);
    command.say('stdout', 'out');
    command.say('stderr', 'err');
    channel.end();
    expect(await channel.exit).toBe(7);
    expect(seen).toEqual(['stdout out', 'stderr err']);
    expect(command).toMatchObject({ input: ['hello'], sizes: [[80, 24], [100, 30]], ended: true }); // biome-ignore format: short
    expect(asked).toEqual([['shop/api', { command: ['sh', '-c', 'x'], tty: true, user: null, workingDir: null, environment: { A: 'b' } }]]);
  });

  it('is said to run beside the service', async () => {
    const { command, asked, client } = await withCommand();
    const channel = await client.exec('shop', 'api', { command: ['x'], tty: false, beside: true });
    command.finish();
    await channel.exit;
    expect(asked).toEqual([['shop/api', { command: ['x'], tty: false, user: null, workingDir: null, environment: {}, beside: true }]]);
  });

  it('carries a megabyte each way in order, in frames the daemon takes', async () => {
    const { command, client } = await withCommand();
    const channel = await client.exec('shop', 'api', { command: ['cat'], tty: false });
    const big = Array.from({ length: 200_000 }, (_, at) => `${at},`).join('');
    let received = '';
    channel.onOutput((_, data) => {
      received += Buffer.from(data);
    });
    command.say('stdout', big);
    channel.write(Buffer.from(big));
    channel.end();
    await channel.exit;
    expect(received === big).toBe(true);
    expect(command.input.join('') === big).toBe(true);
  });

  it('hangs the command up when the client leaves', async () => {
    const { command, client } = await withCommand();
    const channel = await client.exec('shop', 'api', { command: ['sleep'], tty: false });
    channel.write(Buffer.from('x'));
    await command.untilInput(1);
    channel.close();
    await command.closed;
  });

  it('passes the failure of a command that cannot run', async () => {
    running = await serve(fake().supervisor);
    const channel = await new Client(running.socket).exec('shop', 'api', { command: ['x'], tty: false });
    await expect(channel.exit).rejects.toMatchObject({ failure: { code: 'internal' } });
  });
});

describe('the upgrade request of an exec session', () => {
  it('refuses browsers, other hosts, other paths and names', async () => {
    const { socket, asked } = await withCommand();
    const refused: readonly (readonly [string, Record<string, string>, number])[] = [
      [path, { origin: 'https://evil.example' }, 403], [path, { origin: 'null' }, 403], [path, { host: 'evil.example' }, 403], [path, { referer: 'x' }, 403],
      ['/v1/version', {}, 404], ['/v1/projects/shop/services/-api/exec', {}, 400], ['/v1/projects/SHOP/services/api/exec', {}, 400],
      ['/v1/projects/..%2f/services/api/exec', {}, 403], [`${path}?command=sh`, {}, 404],
    ]; // biome-ignore format: a table
    for (const [where, headers, status] of refused)
      expect([where, headers, await statusOf(raw(socket, where, headers))]).toEqual([where, headers, status]);
    expect(asked).toEqual([]);
  });

  it.each([
    ['binary first'],
    ['{}'],
    ['{"start":{"command":[],"tty":true}}'],
    ['{"start":{"command":["a\\u0000"],"tty":true}}'],
    ['{"eof":true}'],
  ])('runs nothing for a first frame %s', async text => {
    const { socket, asked } = await withCommand();
    const client = raw(socket);
    client.on('open', () => client.send(text === 'binary first' ? Buffer.from([0, 1]) : text));
    const answer = await new Promise(resolve => client.once('message', data => resolve(JSON.parse(String(data)))));
    expect(answer).toMatchObject({ error: { code: 'usage' } });
    expect(asked).toEqual([]);
  });

  it('ends a session that sends a frame of more than 64 KiB', async () => {
    const { socket } = await withCommand();
    const client = raw(socket);
    client.on('open', () => client.send(Buffer.alloc(65 * 1024)));
    expect(await new Promise(resolve => client.once('close', resolve))).toBe(1009);
  });

  it('refuses a session too many, and takes one again when one has ended', async () => {
    const { socket } = await withCommand({ sessions: 2 });
    const open = [raw(socket), raw(socket)];
    await Promise.all(open.map(client => new Promise(resolve => client.once('open', resolve))));
    expect(await statusOf(raw(socket))).toBe(429);
    const closed = new Promise(resolve => open[0]?.once('close', resolve));
    open[0]?.close();
    await closed;
    await expect.poll(() => new Promise(resolve => { const next = raw(socket); next.once('open', () => resolve(true)).once('error', () => resolve(false)); })).toBe(true); // biome-ignore format: short
  });

  it('answers a plain GET of a session with 404, and survives a client that vanishes in the handshake', async () => {
    const { socket, client } = await withCommand();
    const status = await new Promise(resolve => request({ socketPath: socket, path, headers: { host: 'laptop-dev' } }, response => resolve(response.resume().statusCode)).end()); // biome-ignore format: short
    expect(status).toBe(404);
    for (let turn = 0; turn < 20; turn++) {
      const vanishing = connect(socket, () => {
        vanishing.write(
          `GET ${path} HTTP/1.1\r\nHost: laptop-dev\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
        );
        vanishing.destroy();
      });
      await new Promise(resolve => vanishing.once('close', resolve));
    }
    expect((await client.version()).pid).toBe(42);
  });
});
