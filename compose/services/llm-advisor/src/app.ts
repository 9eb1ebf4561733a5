import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Host } from './host.js';
import { findModel, listModels } from './models.js';
import { apiError, BadRequest } from './openai/errors.js';
import { fields, isText, optional } from './openai/read.js';
import { openaiRoutes } from './openai/routes.js';
import type { MemoryRoom } from './room.js';
import type { PolledTier } from './tier.js';

export interface Parts {
  readonly host: Host;
  readonly room: MemoryRoom;
  readonly tier: PolledTier;
  readonly models: string;
  readonly model: string;
  readonly patience: number;
  readonly logLevel: string;
}

/** Longest poll for what is wanted, ms. */
const POLL = 30_000;

/** The service without its listener. */
export function buildApp(parts: Parts): FastifyInstance {
  const app = Fastify({
    logger: parts.logLevel === 'silent' ? false : { level: parts.logLevel },
    bodyLimit: 4 * 1024 * 1024,
    forceCloseConnections: 'idle',
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const isOurs = error.statusCode !== undefined && error.statusCode < 500;
    const { status, retryAfter, body } = apiError(isOurs ? new BadRequest(null, error.message) : error);
    if (status === 500) request.log.error({ err: error }, 'a request failed');
    if (retryAfter !== null) reply.header('retry-after', String(retryAfter));
    return reply.code(isOurs ? (error.statusCode ?? status) : status).send(body);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: {
        message: `Nothing answers ${request.method} ${request.url}`,
        type: 'invalid_request_error',
        param: null,
        code: 'not_found',
      },
    }),
  );
  modelRoutes(app, parts);
  memoryRoutes(app, parts);
  openaiRoutes(app, parts);
  return app;
}

/** Neither loads a model nor keeps one loaded. */
function modelRoutes(app: FastifyInstance, { host, models }: Parts): void {
  for (const path of ['/health', '/health/live', '/health/ready'])
    app.get(path, { logLevel: 'warn' }, () => ({ live: true, ready: true, model: host.standing() }));
  app.get('/v1/models', async () => {
    const standing = host.standing();
    const data = (await listModels(models)).map(({ name, bytes, changed }) => ({
      id: name,
      object: 'model',
      created: Math.floor(changed / 1000),
      owned_by: 'laptop-dev',
      bytes,
      state: standing.kind !== 'unloaded' && standing.model === name ? standing.kind : 'unloaded',
    }));
    return { object: 'list', data };
  });
}

/** For laptop-dev: what a model would take, what is wanted now, and how that went. */
function memoryRoutes(app: FastifyInstance, { room, tier, models, model }: Parts): void {
  app.post('/v1/estimate', async request => {
    const file = await findModel(models, optional(fields(request.body ?? {}, 'the body'), 'model', isText, 'a string') ?? '', model);
    const { needs, choice, limit, maximum } = await room.judge(file);
    return { model: file.name, needs, choice: choice.kind, context: choice.need.context, limit, maximum };
  });
  app.get('/laptop-dev/memory', { logLevel: 'warn' }, async (_request, reply) => {
    const abort = new AbortController();
    reply.raw.once('close', () => abort.abort());
    return { wanted: await tier.wanted(POLL, abort.signal) };
  });
  app.post('/laptop-dev/memory', request => {
    const body = fields(request.body, 'the body');
    const holders = Array.isArray(body['holders']) ? body['holders'] : [];
    tier.answered({ reason: optional(body, 'reason', isText, 'a string'), holders });
    return { ok: true };
  });
}
