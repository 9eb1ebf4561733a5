import type { FastifyInstance } from 'fastify';
import type { RouteContext } from '../context.js';
import { CONTENT_TYPE, exposition } from '../metrics/exposition.js';
import { families } from '../metrics/families.js';
import type { Streams } from '../stream/streams.js';

/** /metrics from the figures taken last: a scrape makes nobody measure, nor keeps what runs from being measured seldom. */
export function metricsRoute(app: FastifyInstance, { supervisor }: RouteContext, streams: Streams): void {
  app.get('/metrics', async (_request, reply) => {
    const { user, system } = process.cpuUsage();
    const live = supervisor.live(); // takes the figures that the counters are of
    const own = { streamClients: streams.count(), cpuSeconds: (user + system) / 1e6, totals: supervisor.totals() };
    return reply.type(CONTENT_TYPE).send(exposition(families(live, own)));
  });
}
