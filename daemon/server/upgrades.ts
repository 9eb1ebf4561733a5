import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../ports/ports.js';
import { type Failure, FailureError, failure } from '../shared/failure.js';
import { answerRaw, requestFailure, statusOf } from './answer.js';
import { type Head, requestRefusal } from './guard.js';

/** A request to go on as a WebSocket, with the socket that it came on. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** What is served at one path after an upgrade. */
export interface UpgradeHandler {
  /** Matches the whole request target. */
  readonly route: RegExp;
  /** Takes a request that the guard has admitted. `parts`: the groups of `route`. A FailureError becomes the answer. */
  take(upgrade: Upgrade, parts: readonly (string | undefined)[]): Promise<void>;
  /** Ends all that is open. */
  close(): void;
}

/**
 * Hands each upgrade request of a server to the handler of its path; a request that the guard refuses, or of another path, is answered with
 * a failure. The web view is another server with its own guard over the same handlers.
 */
export function serveUpgrades(
  server: Server,
  handlers: readonly UpgradeHandler[],
  log: Log,
  guard: (head: Head) => Failure | null = requestRefusal,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    admit({ request, socket, head }, handlers, guard).catch(error => {
      const value = requestFailure(error, log);
      answerRaw(socket, statusOf(value), value);
    });
  });
}

async function admit(upgrade: Upgrade, handlers: readonly UpgradeHandler[], guard: (head: Head) => Failure | null): Promise<void> {
  const { method = '', url = '', headers, rawHeaders } = upgrade.request;
  const refused = guard({ method, url, headers, rawHeaders });
  if (refused) throw new FailureError(refused);
  for (const handler of handlers) {
    const found = method === 'GET' ? handler.route.exec(url) : null;
    if (found) return handler.take(upgrade, found.slice(1));
  }
  throw new FailureError(failure('not-found', 'There is no WebSocket at this path.'));
}
