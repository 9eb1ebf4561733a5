import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createActivator } from '../../daemon/activation/activator.js';
import type { Protocol } from '../../daemon/model/spec.js';
import type { Listener, Listeners, Target } from '../../daemon/ports/listeners.js';
import type { Clock, Log } from '../../daemon/ports/ports.js';
import type { Failure } from '../../daemon/shared/failure.js';

export const clock: Clock = { now: () => performance.now(), wall: () => Date.now() };
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const SERVICE = 'p/s';

/** A service that can sleep: a server that is there or not, behind a listener. */
export interface Stage {
  readonly activator: Listeners;
  readonly listener: Listener;
  /** Calls of wake so far. */
  wakes(): number;
  /** Edges told, newest last: what activity said then. */
  readonly reported: { connections: number; holding: boolean }[];
  /** What was heard at the listener. */
  readonly spoken: readonly Protocol[];
  client(): Promise<Socket>;
  close(): Promise<void>;
}

export interface Scene {
  readonly protocol: Protocol;
  readonly target: () => Target | null;
  readonly wake: () => Promise<Target | Failure>;
  readonly holdBlocked?: boolean;
  /** False: the protocol is a guess. */
  readonly certain?: boolean;
}

export async function openStage({ protocol, target, wake, holdBlocked = true, certain = true }: Scene): Promise<Stage> {
  let wakes = 0;
  const reported: Stage['reported'] = [];
  const spoken: Protocol[] = [];
  const activator: Listeners = createActivator(
    {
      target,
      wake: () => {
        wakes += 1;
        return wake();
      },
      changed: service => {
        const { connections, holding } = activator.activity(service);
        reported.push({ connections, holding });
      },
      spoke: (_listener, heard) => void spoken.push(heard),
    },
    { log: silent, clock },
  );
  const listener = listenerAt(await freePort(), protocol, holdBlocked, certain);
  const failed = await activator.set([listener]);
  if (failed.length > 0) throw new Error(failed[0]?.failure.message);
  const clients: Socket[] = [];
  return {
    activator,
    listener,
    reported,
    spoken,
    wakes: () => wakes,
    client: async () => {
      const socket = await connected(listener.port);
      clients.push(socket);
      return socket;
    },
    close: async () => {
      for (const socket of clients) socket.destroy();
      await activator.close();
    },
  };
}

export function listenerAt(port: number, protocol: Protocol = 'tcp', holdBlocked = true, certain = true): Listener {
  return { service: SERVICE, hostIp: '127.0.0.1', port, containerPort: port, protocol, certain, holdBlocked, from: null };
}

export async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** A server on loopback; `close` ends its connections too. */
export interface Running {
  readonly target: Target;
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

export async function serve(onConnection: (socket: Socket) => void, port = 0): Promise<Running> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    sockets,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export const echo = (socket: Socket): void => void socket.pipe(socket);

export async function freePort(): Promise<number> {
  const { target, close } = await serve(() => undefined);
  await close();
  return target.port;
}

/** All bytes until FIN; rejects when the connection is reset. */
export function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    socket.once('end', () => resolve(Buffer.concat(chunks)));
    socket.once('error', reject);
  });
}

/** The next bytes, at least `size` of them. */
export async function bytes(socket: Socket, size: number): Promise<string> {
  let text = '';
  while (text.length < size) text += String((await once(socket, 'data'))[0]);
  return text;
}

/** Turns of the event loop until `condition` holds; the test's own limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1));
}
