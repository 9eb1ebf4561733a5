import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RecordInput, RecordStore } from './record.js';
import { body, params, query } from './schema.js';

interface ById {
  Params: { id: string };
}

/** REST over `/records`: list, create, read, replace, delete. */
export function recordRoutes(app: FastifyInstance, records: RecordStore): void {
  app.get<{ Querystring: { after: string; limit: string } }>('/records', { schema: { querystring: query } }, request =>
    records.list(Number(request.query.after), Number(request.query.limit)),
  );

  app.post<{ Body: RecordInput }>('/records', { schema: { body } }, async (request, reply) => {
    const created = await records.create(request.body);
    return reply.code(201).header('location', `/records/${created.id}`).send(created);
  });

  app.get<ById>('/records/:id', { schema: { params } }, async (request, reply) => {
    return (await records.get(Number(request.params.id))) ?? missing(reply, request.params.id);
  });

  app.put<ById & { Body: RecordInput }>('/records/:id', { schema: { params, body } }, async (request, reply) => {
    return (await records.update(Number(request.params.id), request.body)) ?? missing(reply, request.params.id);
  });

  app.delete<ById>('/records/:id', { schema: { params } }, async (request, reply) => {
    return (await records.remove(Number(request.params.id))) ? reply.code(204).send() : missing(reply, request.params.id);
  });
}

export function missing(reply: FastifyReply, id: string): FastifyReply {
  return reply.code(404).send({ error: { code: 'not-found', message: `There is no record ${id}` } });
}
