import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { FailureError, failure } from '../core/failure.js';
import { serviceId } from '../core/model.js';
import { answerRaw, asFailure, statusOf } from './answer.js';
import { type Context, projectName, serviceName } from './context.js';
import { refusal } from './guard.js';
import { runSession } from './session.js';

const ROUTE = /^\/v1\/projects\/([^/]+)\/services\/([^/]+)\/exec$/;
/** Longest frame from a client, bytes. */
const MAX_FRAME = 64 * 1024;

/**
 * Answers WebSocket upgrades: exec sessions. Everything else that asks for an upgrade is refused. ws is loaded with the first
 * one (3 MB). Returns what ends all sessions.
 */
export function serveExec(server: Server, context: Context, most: number): () => void {
  let sockets: WebSocketServer | null = null;
  const open = new Set<WebSocket>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch(error => {
      const value = asFailure(error, context.log);
      answerRaw(socket, statusOf(value), value);
    });
  });
  return () => {
    for (const client of open) client.terminate();
  };

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = request;
    const refused = refusal({ method, url, headers, rawHeaders });
    if (refused) throw new FailureError(refused);
    const [, project, service] = ROUTE.exec(url) ?? [];
    if (method !== 'GET' || project === undefined) throw new FailureError(failure('not-found', 'There is no WebSocket at this path.'));
    const id = serviceId(projectName(project), serviceName(service));
    sockets ??= await newServer();
    if (open.size >= most) throw new FailureError(failure('too-busy', `${open.size} sessions are open, ${most} are allowed.`));
    sockets.handleUpgrade(request, socket, head, client => {
      open.add(client);
      client.on('close', () => open.delete(client));
      void runSession(client, id, context);
    });
  }
}

async function newServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false, clientTracking: false });
}
