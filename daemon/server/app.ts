import type { FastifyInstance } from 'fastify';
import type { WebSocket, WebSocketServer } from 'ws';
import type { WebClosed, WebOpened } from '../api/contract.js';
import { serviceId } from '../model/spec.js';
import { FailureError, failure } from '../shared/failure.js';
import { envelope } from './answer.js';
import { bareApp, REQUEST_LIMITS, type RequestLimits } from './bare-app.js';
import { projectName, type RouteContext, serviceName } from './context.js';
import { requestRefusal } from './guard.js';
import { CONTENT_TYPE, exposition } from './metrics/exposition.js';
import { families } from './metrics/families.js';
import { actRoutes } from './routes/act.js';
import { readRoutes } from './routes/read.js';
import { streamRoutes } from './routes/streams.js';
import { runSession } from './session.js';
import { createStreams, type Streams } from './stream/streams.js';
import { serveUpgrades, type UpgradeHandler } from './upgrades.js';
import { checkedBody } from './validate.js';
import type { WebServer } from './web/web-server.js';

/** Longest frame from a client, bytes. */
const MAX_FRAME = 64 * 1024;

/** Exec sessions, at most `most` at a time. ws is loaded with the first one (3 MB). */
function execSessions(context: RouteContext, most: number): UpgradeHandler {
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

/** The API over a supervisor; not listening yet (see listen.ts). `streams`: shared with other servers; absent: its own. */
export function buildApp(
  context: RouteContext,
  limits: RequestLimits = REQUEST_LIMITS,
  streams: Streams = streamsOf(context, limits),
): FastifyInstance {
  const app = bareApp(context, limits, head => {
    const refused = requestRefusal(head);
    if (refused) throw new FailureError(refused);
  });
  readRoutes(app, context);
  streamRoutes(app, context);
  actRoutes(app, context, limits.bodyBytes);
  webRoutes(app, context);
  metricsRoute(app, context, streams);
  const upgrades = [execSessions(context, limits.sessions), streams];
  serveUpgrades(app.server, upgrades, context.log);
  app.addHook('preClose', async () => {
    for (const each of upgrades) each.close();
  });
  return app;
}

function streamsOf(context: RouteContext, { streams: most, heartbeat, soonest }: RequestLimits): Streams {
  return createStreams(context, { most, heartbeat, soonest });
}

/** Opens and closes the web view. Its code is loaded at the first request: a daemon without a web view pays nothing for it. */
function webRoutes(app: FastifyInstance, context: RouteContext): void {
  let server: Promise<WebServer> | null = null;

  app.post('/v1/web/open', async request => {
    const { port = null } = checkedBody('OpenWeb', request.body);
    server ??= import('./web/web-server.js').then(({ WebServer }) => new WebServer(context));
    return envelope<WebOpened>(await (await server).open(port));
  });

  app.post('/v1/web/close', async request => {
    checkedBody('Empty', request.body);
    return envelope<WebClosed>({ closed: (await (await server)?.close()) ?? false });
  });

  app.addHook('preClose', async () => {
    await (await server)?.close();
  });
}

/** /metrics from the latest figures: a scrape causes no measurement, and does not raise the rate of measurements. */
function metricsRoute(app: FastifyInstance, { supervisor }: RouteContext, streams: Streams): void {
  app.get('/metrics', async (_request, reply) => {
    const { user, system } = process.cpuUsage();
    const live = supervisor.live(); // takes the figures that the counters are of
    const own = { streamClients: streams.count(), cpuSeconds: (user + system) / 1e6, totals: supervisor.totals() };
    return reply.type(CONTENT_TYPE).send(exposition(families(live, own)));
  });
}
