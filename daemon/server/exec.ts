import type { WebSocket, WebSocketServer } from 'ws';
import { serviceId } from '../model/spec.js';
import { FailureError, failure } from '../shared/failure.js';
import { projectName, type RouteContext, serviceName } from './context.js';
import { runSession } from './session.js';
import type { UpgradeHandler } from './upgrades.js';

/** Longest frame from a client, bytes. */
const MAX_FRAME = 64 * 1024;

/** Exec sessions, at most `most` at a time. ws is loaded with the first one (3 MB). */
export function execSessions(context: RouteContext, most: number): UpgradeHandler {
  let sockets: WebSocketServer | null = null;
  const open = new Set<WebSocket>();
  return {
    route: /^\/v1\/projects\/([^/]+)\/services\/([^/]+)\/exec$/,
    async take({ request, socket, head }, [project, service]) {
      const id = serviceId(projectName(project), serviceName(service));
      sockets ??= await newServer();
      if (open.size >= most) throw new FailureError(failure('too-busy', `${open.size} sessions are open, ${most} are allowed.`));
      sockets.handleUpgrade(request, socket, head, client => {
        open.add(client);
        client.on('close', () => open.delete(client));
        void runSession(client, id, context);
      });
    },
    close() {
      for (const client of open) client.terminate();
    },
  };
}

async function newServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false, clientTracking: false });
}
