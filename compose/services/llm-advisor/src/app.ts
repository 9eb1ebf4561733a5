import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Host } from './host.js';
import { findModel, listModels } from './models.js';
import { apiError, BadRequest } from './openai/errors.js';
import { fields, isFlag, isText, optional } from './openai/read.js';
import { openaiRoutes } from './openai/routes.js';
import type { MemoryRoom } from './room.js';
import type { PolledTier } from './tier.js';
import type { Spoken } from './word.js';

export interface Parts {
  readonly host: Host;
  readonly room: MemoryRoom;
  readonly tier: PolledTier;
  readonly spoken: Spoken;
  readonly models: string;
  readonly model: string;
  readonly patience: number;
  readonly logLevel: string;
}

/** Longest poll for what the service says of itself, ms. */
const POLL = 25_000;

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
  endsSoon(app, parts.spoken);
  modelRoutes(app, parts);
  memoryRoutes(app, parts);
  openaiRoutes(app, parts);
  return app;
}

/** Listeners go at once. A connection that was in use when the end began is closed as soon as its answer is out: a client would keep it for minutes. */
function endsSoon(app: FastifyInstance, spoken: Spoken): void {
  app.addHook('preClose', done => {
    spoken.close();
    const timer = setInterval(() => app.server.closeIdleConnections(), 50);
    app.server.once('close', () => clearInterval(timer));
    done();
  });
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

/** For laptop-dev: what a model would take, what the service holds and wants, and what became of that. */
function memoryRoutes(app: FastifyInstance, { room, tier, models, model }: Parts): void {
  app.post('/v1/estimate', async request => {
    const file = await findModel(models, optional(fields(request.body ?? {}, 'the body'), 'model', isText, 'a string') ?? '', model);
    const { needs, choice, limit, maximum } = await room.judge(file, true);
    return { model: file.name, needs, choice: choice.kind, context: choice.need.context, limit, maximum };
  });
  app.get<{ Querystring: { after?: string } }>('/laptop-dev/state', { logLevel: 'warn' }, async (request, reply) => {
    const { after } = request.query;
    if (after !== undefined && !/^\d{1,15}$/.test(after)) throw new BadRequest('after', 'after has to be a version that was told before.');
    const abort = new AbortController();
    reply.raw.once('close', () => abort.abort());
    return tier.state(after === undefined ? null : Number(after), POLL, abort.signal);
  });
  app.post('/laptop-dev/memory', request => {
    const body = fields(request.body, 'the body');
    const list = (name: string): readonly unknown[] => (Array.isArray(body[name]) ? body[name] : []);
    tier.answered({
      granted: optional(body, 'granted', isFlag, 'true or false') ?? false,
      reason: optional(body, 'reason', isText, 'a string'),
      need: optional(body, 'need', isBytes, 'a number of bytes'),
      free: optional(body, 'free', isBytes, 'a number of bytes'),
      holders: list('holders'),
      remedies: list('remedies').filter(isText),
    });
    return { ok: true };
  });
}

function isBytes(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
