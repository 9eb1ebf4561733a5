import type { FastifyInstance } from 'fastify';
import { FailureError } from '../shared/failure.js';
import { bareApp, REQUEST_LIMITS, type RequestLimits } from './bare-app.js';
import type { RouteContext } from './context.js';
import { execSessions } from './exec.js';
import { requestRefusal } from './guard.js';
import { actRoutes } from './routes/act.js';
import { metricsRoute } from './routes/metrics.js';
import { readRoutes } from './routes/read.js';
import { streamRoutes } from './routes/streams.js';
import { webRoutes } from './routes/web.js';
import { createStreams, type Streams } from './stream/streams.js';
import { serveUpgrades } from './upgrades.js';

/** The API over a supervisor; not listening yet (see listen.ts). `streams`: what other doors serve too; absent: its own. */
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

function streamsOf(context: RouteContext, { streams: most, heartbeat }: RequestLimits): Streams {
  return createStreams(context, { most, heartbeat });
}
