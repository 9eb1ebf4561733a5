import type { Server } from 'node:http';
import { type FastifyHttpOptions, type FastifyInstance, fastify } from 'fastify';
import { failure } from '../shared/failure.js';
import { answerRaw, failed, requestFailure, statusOf } from './answer.js';
import type { RouteContext } from './context.js';
import { ANSWER_HEADERS, type Head } from './guard.js';

/** Limits of what clients may use (docs/security.md). */
export interface RequestLimits {
  readonly bodyBytes: number;
  readonly connections: number;
  readonly sessions: number;
  /** A request must be complete this many ms after its first byte. */
  readonly requestTimeout: number;
  /** Clients of the stream. `connections` has room for as many as are usual; more of them are allowed in addition. */
  readonly streams: number;
  /** The stream is silent for this many ms at most. */
  readonly heartbeat: number;
  /** In a storm of changes the stream takes a new picture this often, ms. */
  readonly soonest: number;
}
export const REQUEST_LIMITS: RequestLimits = {
  bodyBytes: 64 * 1024,
  connections: 64,
  sessions: 16,
  requestTimeout: 30_000,
  streams: 16,
  heartbeat: 10_000,
  soonest: 50,
};

/** A server with our limits and answers, and no routes. `admit` throws a FailureError for a request that it refuses. */
export function bareApp(context: RouteContext, limits: RequestLimits, admit: (head: Head) => void): FastifyInstance {
  const app = fastify({ ...serverOptions(limits), clientErrorHandler: onClientError });
  app.server.maxConnections = limits.connections + Math.max(0, limits.streams - REQUEST_LIMITS.streams);
  // Node takes the larger of the two for the body, so its own 60 s for headers would win over ours.
  app.server.headersTimeout = Math.floor(limits.requestTimeout / 3);
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(ANSWER_HEADERS);
    admit({ method: request.method, url: request.raw.url ?? '', headers: request.headers, rawHeaders: request.raw.rawHeaders });
  });
  // The route's pattern, not the path with its query: nothing that a client sent reaches the log.
  app.addHook('onResponse', async (request, reply) => {
    const fields = {
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    context.log.debug(fields, 'request');
  });
  app.setErrorHandler(async (error, _request, reply) => {
    const value = requestFailure(error, context.log);
    return reply.status(statusOf(value)).send(failed(value));
  });
  app.setNotFoundHandler(async (_request, reply) => reply.status(404).send(failed(NO_ROUTE)));
  return app;
}

const NO_ROUTE = failure('not-found', 'The API has no such route.', {}, ['GET /v1/openapi.json describes all routes.']);

function serverOptions(limits: RequestLimits): FastifyHttpOptions<Server> {
  return {
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: 5_000,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 8_192, ignoreTrailingSlash: false, caseSensitive: true },
    http: { connectionsCheckingInterval: Math.max(100, Math.floor(limits.requestTimeout / 6)), maxHeaderSize: 16 * 1024 },
    forceCloseConnections: true,
    // Bodies are checked by validate.ts: loading ajv and fast-json-stringify would cost 1.3 MB and 116 modules at start for nothing.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: () => () => data => JSON.stringify(data) } },
  };
}

function noCompiler(): never {
  throw new Error('no route declares a schema: validate.ts checks bodies');
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request was not complete in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too long.'],
};

/** A client that does not speak HTTP gets one answer in HTTP, and the connection closes. */
function onClientError(error: Error & { code?: string }, socket: Parameters<typeof answerRaw>[0]): void {
  const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'The request is not HTTP.'];
  answerRaw(socket, status, failure('usage', message));
}
