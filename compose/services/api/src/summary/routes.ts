import type { FastifyInstance } from 'fastify';
import type { RecordStore } from '../records/record.js';
import { missing } from '../records/routes.js';
import { params } from '../records/schema.js';
import type { Advisor } from './advisor.js';

/** POST /records/:id/summary: asks the LLM Advisor, which is woken by it. A client that leaves ends the question. */
export function summaryRoutes(app: FastifyInstance, records: RecordStore, advisor: Advisor): void {
  app.post<{ Params: { id: string } }>('/records/:id/summary', { schema: { params } }, async (request, reply) => {
    const record = await records.get(Number(request.params.id));
    if (!record) return missing(reply, request.params.id);
    const abort = new AbortController();
    reply.raw.once('close', () => abort.abort());
    const summary = await advisor.summarise(record, abort.signal).catch((error: unknown) => {
      if (abort.signal.aborted) return null;
      throw error;
    });
    return summary ? { id: record.id, ...summary } : reply.code(499).send();
  });
}
