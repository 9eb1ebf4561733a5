import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ENGINE } from '../../on-engine/support/open-engine.js';

interface Lie {
  /** Of `METHOD /path`, without the API version. */
  readonly call: RegExp;
  readonly status: number;
  readonly message: string;
}

interface Twist {
  /** As of a lie. */
  readonly call: RegExp;
  /** What the engine said, as JSON that was parsed; of a stream of events each of them. Changed in place. */
  readonly change: (said: Said) => void;
}

/** An object or list of the engine's, of whatever form. */
export type Said = Record<string, unknown>;

/** Stands between a daemon and the tests' engine, passes everything on, and fails as it is told: the engine itself is never touched. */
export class EngineShim {
  /** Answered in the engine's place with what it says, as often as they are asked. */
  lies: readonly Lie[] = [];
  /** What the engine answers is changed on its way. */
  twists: readonly Twist[] = [];
  /** Events get lost: their stream stays open and silent. */
  losesEvents = false;
  /** The most requests that waited at once for a shim that hangs. */
  mostWaiting = 0;
  private server: Server | null = null;
  private readonly connections = new Set<Socket>();
  private readonly answers = new Set<IncomingMessage>();
  private waiting: (() => void)[] = [];
  private hangs = false;

  private constructor(
    private readonly folder: string,
    private readonly engineSocket: string,
  ) {}

  static async open(): Promise<EngineShim> {
    const engineSocket = ENGINE.replace(/^unix:\/\//, '');
    if (!engineSocket.startsWith('/')) throw new Error(`the shim stands before a Unix socket, not before ${ENGINE}`);
    const shim = new EngineShim(mkdtempSync(join(tmpdir(), 'ldt-shim-')), engineSocket);
    await shim.appear();
    return shim;
  }

  get endpoint(): string {
    return `unix://${join(this.folder, 'engine.sock')}`;
  }

  /** Connections are accepted; nothing is answered, and nothing more comes in streams. */
  hang(): void {
    this.hangs = true;
    for (const answer of this.answers) answer.pause();
  }

  /** All that has waited goes on. */
  goOn(): void {
    this.hangs = false;
    for (const answer of this.answers) answer.resume();
    for (const pass of this.waiting.splice(0)) pass();
  }

  /** The socket is gone, and with it all connections. */
  async vanish(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const connection of this.connections) connection.destroy();
    server?.close();
    if (server) await once(server, 'close');
  }

  async appear(): Promise<void> {
    this.server = createServer((asked, answer) => this.take(asked, () => this.pass(asked, answer)));
    this.server.on('upgrade', (asked, socket, head) => this.take(asked, () => this.join(asked, socket, head)));
    this.server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    this.server.listen(join(this.folder, 'engine.sock'));
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    await this.vanish();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(asked: IncomingMessage, pass: () => void): void {
    if (!this.hangs) return pass();
    const turn = () => {
      if (!asked.socket.destroyed) pass();
    };
    this.waiting.push(turn);
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting.length);
    asked.socket.once('close', () => {
      this.waiting = this.waiting.filter(each => each !== turn);
    });
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const path = (asked.url ?? '').replace(/^\/v[\d.]+(?=\/)/, '');
    const lie = this.lies.find(({ call }) => call.test(`${asked.method} ${path}`));
    if (lie) {
      asked.resume();
      answer.writeHead(lie.status, { 'content-type': 'application/json' }).end(JSON.stringify({ message: lie.message }));
      return;
    }
    const { method = 'GET', url: target = '/', headers } = asked;
    const call = request({ socketPath: this.engineSocket, method, path: target, headers, agent: false }, real => {
      this.answers.add(real);
      const isEvents = path.startsWith('/events');
      const twist = this.twists.find(each => each.call.test(`${asked.method} ${path}`));
      if (twist && /json/.test(real.headers['content-type'] ?? '')) this.twisted(real, answer, twist, isEvents);
      else {
        answer.writeHead(real.statusCode ?? 500, real.headers);
        answer.flushHeaders();
        real.on('data', (chunk: Buffer) => (isEvents && this.losesEvents) || answer.write(chunk));
        real.once('end', () => answer.end());
      }
      real.once('close', () => this.answers.delete(real));
      real.once('error', () => answer.destroy());
      if (this.hangs) real.pause();
    });
    call.once('error', () => answer.destroy());
    answer.once('close', () => call.destroy());
    asked.pipe(call);
  }

  /** Told anew: as a whole, events one by one. */
  private twisted(real: IncomingMessage, answer: ServerResponse, { change }: Twist, isEvents: boolean): void {
    const { 'content-length': _, ...headers } = real.headers;
    answer.writeHead(real.statusCode ?? 500, headers);
    answer.flushHeaders();
    let text = '';
    const tell = (said: string) => {
      if (said.trim() === '') return;
      const value: Said = JSON.parse(said);
      change(value);
      answer.write(`${JSON.stringify(value)}\n`);
    };
    real.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!isEvents) return;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) tell(line);
    });
    real.once('end', () => {
      tell(text);
      answer.end();
    });
  }

  /** A hijacked connection: bytes both ways. */
  private join(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { method, url, rawHeaders } = asked;
    const real = connect(this.engineSocket);
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    real.write(`${[`${method} ${url} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`);
    // Up to Node 24 the request's body is in the head and the socket; later ones read it as that of any other request.
    asked.on('data', (chunk: Buffer) => real.write(chunk));
    real.write(head);
    real.pipe(socket).pipe(real);
    for (const [one, other] of [
      [real, socket],
      [socket, real],
    ] as const) {
      one.once('error', () => other.destroy());
      one.once('close', () => other.destroy());
    }
  }
}
