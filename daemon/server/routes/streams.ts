import type { FastifyInstance } from 'fastify';
import type { LogEntry } from '../../api/contract.js';
import type { LoggedNotice } from '../../api/notice.js';
import { serviceId } from '../../model/spec.js';
import type { LogOptions } from '../../ports/ports.js';
import type { Supervisor } from '../../runtime/supervisor.js';
import { FailureError } from '../../shared/failure.js';
import { findService, projectName, queryCount, queryFlag, queryText, type RouteContext, serviceName } from '../context.js';
import { asTheyCome, byTime } from '../merge-logs.js';
import { sendLines, whileConnected } from '../ndjson.js';
import { AsyncQueue } from '../queue.js';

/** Routes whose answer is a stream of lines. */
export function streamRoutes(app: FastifyInstance, { supervisor, log }: RouteContext): void {
  app.get('/v1/notices', async (request, reply) => {
    const asked = queryText(request.query, 'project');
    const project = asked === null ? null : projectName(asked);
    const follow = queryFlag(request.query, 'follow');
    return sendLines(reply, notices(supervisor, project, follow, whileConnected(reply)), log);
  });

  app.get<{ Params: { project: string } }>('/v1/projects/:project/logs', async (request, reply) => {
    const project = projectName(request.params.project);
    const options: LogOptions = {
      follow: queryFlag(request.query, 'follow'),
      since: queryCount(request.query, 'since'),
      tail: queryCount(request.query, 'tail'),
      signal: whileConnected(reply),
    };
    const named = queryText(request.query, 'services')?.split(',').map(serviceName) ?? null;
    const known = await supervisor.services(project, false);
    const names = (named ?? known.map(service => service.name)).map(name => findService(known, project, name).name);
    const sources = names.map(name => entries(supervisor, project, name, options, named === null));
    return sendLines(reply, options.follow ? asTheyCome(sources) : byTime(sources), log);
  });
}

/** Past notices, then, when following, each new one until the client leaves. Subscribes before it reads the past ones, so none is lost in between. */
async function* notices(
  supervisor: Supervisor,
  project: string | null,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LoggedNotice> {
  const feed = new AsyncQueue<LoggedNotice>();
  const unsubscribe = supervisor.subscribe(notice => feed.push(notice));
  const end = () => feed.end();
  signal.addEventListener('abort', end);
  if (!follow || signal.aborted) feed.end();
  try {
    let last = -1;
    for (const notice of supervisor.notices()) {
      last = notice.seq;
      if (project === null || notice.project === project) yield notice;
    }
    for await (const notice of feed) {
      if (notice.seq > last && (project === null || notice.project === project)) yield notice;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', end);
  }
}

/** `optional`: a service that never had a container is skipped. */
async function* entries(
  supervisor: Supervisor,
  project: string,
  service: string,
  options: LogOptions,
  optional: boolean,
): AsyncGenerator<LogEntry> {
  try {
    for await (const line of supervisor.logs(serviceId(project, service), options)) yield { service, ...line };
  } catch (error) {
    const absent = error instanceof FailureError && error.failure.code === 'not-found';
    if (!(options.signal.aborted || (optional && absent))) throw error;
  }
}
