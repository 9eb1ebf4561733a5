import type { FastifyInstance } from 'fastify';
import { FailureError } from '../core/failure.js';
import { bareApp, LIMITS, type Limits } from './bare-app.js';
import type { Context } from './context.js';
import { serveExec } from './exec.js';
import { refusal } from './guard.js';
import { actRoutes } from './routes/act.js';
import { readRoutes } from './routes/read.js';
import { streamRoutes } from './routes/streams.js';
import { webRoutes } from './routes/web.js';

/** The API over a supervisor; not listening yet (see listen.ts). */
export function buildApp(context: Context, limits: Limits = LIMITS): FastifyInstance {
  const app = bareApp(context, limits, head => {
    const refused = refusal(head);
    if (refused) throw new FailureError(refused);
  });
  readRoutes(app, context);
  streamRoutes(app, context);
  actRoutes(app, context, limits.bodyBytes);
  webRoutes(app, context);
  const endSessions = serveExec(app.server, context, limits.sessions);
  app.addHook('preClose', async () => endSessions());
  return app;
}
