import { BlockList, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Listener } from '../ports/listeners.js';
import type { Log } from '../ports/ports.js';
import { type Failure, failure } from '../shared/failure.js';
import { ClientConnection, type ConnectionContext } from './connection.js';

/** Connections that the kernel keeps for a daemon that is busy; it takes no more than net.core.somaxconn. */
const BACKLOG = 4096;

export interface ServerSockets {
  /** Opens and closes until exactly these are open; one that stays is not touched. */
  set(listeners: readonly Listener[]): Promise<readonly { readonly listener: Listener; readonly failure: Failure }[]>;
}

interface OpenListener {
  /** Connections from now on are for this one. */
  listener: Listener;
  readonly servers: readonly Server[];
}

export function createServerSockets(context: (listener: Listener) => ConnectionContext, log: Log): ServerSockets {
  const open = new Map<string, OpenListener>();
  return {
    set: async listeners => {
      const wanted = new Map(listeners.map(listener => [keyOf(listener), listener]));
      for (const [key, { servers }] of open) {
        if (wanted.has(key)) continue;
        open.delete(key);
        for (const server of servers) server.close();
      }
      const failed: { listener: Listener; failure: Failure }[] = [];
      for (const listener of listeners) {
        const key = keyOf(listener);
        const known = open.get(key);
        if (wanted.get(key) !== listener) failed.push({ listener, failure: cannotListen(listener, 'EADDRINUSE') });
        else if (known) known.listener = listener;
        else {
          const opened = await openListener(listener, context, log);
          if ('code' in opened) failed.push({ listener, failure: opened });
          else open.set(key, opened);
        }
      }
      return failed;
    },
  };
}

function keyOf({ hostIp, port }: Listener): string {
  return `${hostIp} ${port}`;
}

async function openListener(
  listener: Listener,
  context: (listener: Listener) => ConnectionContext,
  log: Log,
): Promise<OpenListener | Failure> {
  const servers: Server[] = [];
  const opened: OpenListener = { listener, servers };
  const open = async (host: string): Promise<string | null> => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.on('connection', socket => {
      if (!isAllowed(opened.listener.from, socket)) return void socket.destroy();
      new ClientConnection(socket, opened.listener, context(opened.listener));
    });
    const code = await listen(server, host, listener.port);
    if (code === null) {
      server.on('error', error => log.error({ err: error, port: listener.port }, 'a listener failed to accept'));
      servers.push(server);
    }
    return code;
  };
  const code = await open(listener.hostIp);
  if (code !== null) return cannotListen(listener, code);
  if (listener.hostIp === '127.0.0.1' && hasIPv6Loopback()) {
    const twin = await open('::1');
    if (twin !== null)
      log.warn({ service: listener.service, port: listener.port, code: twin }, 'the port is open on 127.0.0.1 only, not on ::1');
  }
  return opened;
}

/** A gateway is reached from everywhere that routes to it; its network alone is meant. */
function isAllowed(from: Listener['from'], { remoteAddress = '', remoteFamily }: Socket): boolean {
  if (from === null) return true;
  const list = new BlockList();
  for (const cidr of from) {
    const [net = '', prefix = ''] = cidr.split('/');
    list.addSubnet(net, Number(prefix), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4');
}

/** Null: it listens; else the error's code. */
function listen(server: Server, host: string, port: number): Promise<string | null> {
  return new Promise(resolve => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    server.once('error', fail);
    server.listen({ host, port, backlog: BACKLOG, ipv6Only: host.includes(':') }, () => {
      server.off('error', fail);
      resolve(null);
    });
  });
}

function hasIPv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some(addresses => addresses?.some(({ address }) => address === '::1'));
}

/** Why a listener could not be opened; `code` is the system's. */
export function cannotListen({ service, hostIp, port }: Listener, code: string): Failure {
  const why = code === 'EACCES' ? 'this user may not listen on it' : code === 'EADDRINUSE' ? 'it is taken' : code;
  // The kernel keeps ports below net.ipv4.ip_unprivileged_port_start (1024) for root: ip(7).
  const remedies = [
    `Give ${service} another host port, such as ${port + 8000}`,
    `sudo sysctl net.ipv4.ip_unprivileged_port_start=${port} lets every user of this machine listen from ${port} on`,
  ];
  return failure(
    'port-taken',
    `port ${port} on ${hostIp} cannot be opened for ${service}: ${why}`,
    { service, hostIp, port, cause: code },
    code === 'EACCES' ? remedies : [],
  );
}
