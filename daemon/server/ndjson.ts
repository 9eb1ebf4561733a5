import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { NDJSON } from '../api/contract.js';
import type { Log } from '../ports/ports.js';
import { requestFailure } from './answer.js';
import { ANSWER_HEADERS } from './guard.js';

/** Aborted when the client disconnects or the answer is complete. */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.destroyed) controller.abort();
  else reply.raw.once('close', () => controller.abort());
  return controller.signal;
}

/** Answers with one JSON value per line, as they come and as fast as the client reads. A failure in between becomes the last line, `{error}`. */
export async function sendLines(reply: FastifyReply, lines: AsyncIterable<unknown>, log: Log): Promise<void> {
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, { ...ANSWER_HEADERS, 'content-type': NDJSON });
  response.flushHeaders();
  try {
    for await (const line of lines) {
      await write(response, line);
      if (response.destroyed) break;
    }
  } catch (error) {
    if (!response.destroyed) await write(response, { error: requestFailure(error, log) });
  } finally {
    response.end();
  }
}

async function write(response: ServerResponse, line: unknown): Promise<void> {
  if (response.destroyed || response.write(`${JSON.stringify(line)}\n`)) return;
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once('close', leave);
  await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  response.off('close', leave);
}
