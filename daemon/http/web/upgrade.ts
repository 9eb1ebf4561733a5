import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { FailureError, failure } from '../../core/failure.js';
import { answerRaw, asFailure, statusOf } from '../answer.js';
import type { Context } from '../context.js';
import { pathOf, protocolTokenOf, unauthorized, webRefusal } from './guard.js';
import type { Tokens } from './tokens.js';

interface Door {
  readonly tokens: Tokens;
  readonly port: () => number;
  /** WebSockets at the same time. */
  readonly most: number;
}

/** Answers WebSocket upgrades on the TCP port: the stream, for who has a session. Returns what ends all of them. */
export function serveUpgrades(server: Server, context: Context, door: Door): () => void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    try {
      admit(request, door);
    } catch (error) {
      const value = asFailure(error, context.log);
      answerRaw(socket, statusOf(value), value);
    }
  });
  return () => undefined;
}

function admit({ method = '', url = '', headers, rawHeaders }: IncomingMessage, { tokens, port }: Door): void {
  const head = { method, url, headers, rawHeaders };
  const refused = webRefusal(head, port());
  if (refused) throw new FailureError(refused);
  const session = tokens.session(protocolTokenOf(head));
  if (!session) throw new FailureError(unauthorized());
  if (method === 'GET' && pathOf(head) === '/v1/stream') return;
  throw new FailureError(failure('not-found', 'There is no WebSocket at this path.'));
}
