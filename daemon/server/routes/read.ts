import type { FastifyInstance } from 'fastify';
import type { VersionView, WhyView } from '../../api/contract.js';
import type { HistorySpan } from '../../api/live-history.js';
import { serviceId } from '../../model/spec.js';
import { envelope } from '../answer.js';
import { findService, projectName, queryFlag, queryText, type RouteContext, serviceName } from '../context.js';
import { readSpan } from '../history-span.js';
import { readDocument } from '../validate.js';

/** How many of a service's last notices `why` shows. */
const NOTICES_OF_WHY = 20;

/** Routes that only look. */
export function readRoutes(app: FastifyInstance, { supervisor }: RouteContext): void {
  app.get('/v1/version', async () => envelope<VersionView>({ ...supervisor.info, engine: supervisor.engine() }));

  app.get('/v1/projects', async () => envelope(supervisor.projects()));

  app.get('/v1/services', async request => {
    const project = queryText(request.query, 'project');
    return envelope(await supervisor.services(project === null ? null : projectName(project), queryFlag(request.query, 'usage')));
  });

  app.get('/v1/leases', async () => envelope(supervisor.leases()));

  app.get('/v1/budget', async () => envelope(await supervisor.budget()));

  app.get('/v1/advice', async request => {
    const project = queryText(request.query, 'project');
    return envelope(await supervisor.advice(project === null ? null : projectName(project)));
  });

  app.get<{ Params: { project: string; service: string } }>('/v1/projects/:project/services/:service/why', async request => {
    const project = projectName(request.params.project);
    const name = serviceName(request.params.service);
    const service = findService(await supervisor.services(project, true), project, name);
    const about = supervisor.notices().filter(notice => notice.project === project && notice.service === name);
    return envelope<WhyView>({ service, notices: about.slice(-NOTICES_OF_WHY) });
  });

  app.get<{ Params: { project: string; service: string } }>('/v1/projects/:project/services/:service/history', async request => {
    const project = projectName(request.params.project);
    const name = serviceName(request.params.service);
    findService(await supervisor.services(project, false), project, name);
    const { since, slot } = readSpan(request.query, supervisor.live().at);
    return envelope<HistorySpan>(await supervisor.history(serviceId(project, name), since, slot));
  });

  app.get('/v1/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(readDocument()));
}
