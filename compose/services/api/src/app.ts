import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Check, healthRoutes } from './health.js';
import type { RecordStore } from './records/record.js';
import { recordRoutes } from './records/routes.js';
import { type Advisor, AdvisorError } from './summary/advisor.js';
import { summaryRoutes } from './summary/routes.js';

export interface Parts {
  readonly records: RecordStore;
  readonly advisor: Advisor;
  readonly checks: readonly Check[];
  readonly logLevel: string;
  /** For one readiness check, in ms. */
  readonly checkTimeout: number;
}

/** The service without its listener. */
export function buildApp(parts: Parts): FastifyInstance {
  const app = Fastify({
    logger: parts.logLevel === 'silent' ? false : { level: parts.logLevel },
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // A number in a body stays what it is: "1" is not 1, and an unknown key is an error, not dropped.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof AdvisorError) return unadvised(error, request, reply);
    const status = error.statusCode ?? (isAway(error) ? 503 : 500);
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    if (status === 503) reply.header('retry-after', '1');
    const code = error.validation ? 'invalid' : status === 503 ? 'unavailable' : status >= 500 ? 'internal' : 'refused';
    const message = status === 500 ? 'Internal error' : status === 503 ? 'The database is not available' : error.message;
    return reply.code(status).send({ error: { code, message } });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: { code: 'not-found', message: `Nothing answers ${request.method} ${request.url}` } }),
  );
  app.get('/', () => ({ service: 'laptop-dev sample API', resources: ['/records'], health: ['/health', '/health/live', '/health/ready'] }));
  healthRoutes(app, parts.checks, parts.checkTimeout);
  recordRoutes(app, parts.records);
  summaryRoutes(app, parts.records, parts.advisor);
  return app;
}

function unadvised(
  { status, code, message, retryAfter, details }: AdvisorError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  request.log.warn({ code, reason: message }, 'no summary');
  if (retryAfter !== null) reply.header('retry-after', retryAfter);
  return reply.code(status).send({ error: { code, message, ...details } });
}

/** Errors of the connection, not of the query: refused, reset, timed out, or the server going down or coming up (class 57P). */
function isAway(error: FastifyError): boolean {
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENETUNREACH|ENOTFOUND|EAI_AGAIN|57P|08)/.test(error.code ?? '') ||
    /timeout|terminated/i.test(error.message)
  );
}
