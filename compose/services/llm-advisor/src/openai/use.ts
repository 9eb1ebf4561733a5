import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoadedModel } from '../engine/engine.js';
import type { Host, Lease } from '../host.js';
import { ModelError } from '../model-error.js';
import type { ModelFile } from '../models.js';
import { apiError } from './errors.js';
import { EventStream } from './sse.js';

/** While a model loads, a streaming client hears of it this often, ms. */
const NEWS = 1_000;

export interface Job {
  readonly host: Host;
  readonly file: ModelFile;
  /** How long a client that does not stream waits for the model, ms. */
  readonly patience: number;
}

/** Aborts when the client leaves before its answer is complete. */
export function leaving(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new ModelError('cancelled', 'The client has left.'));
  });
  if (request.raw.socket.destroyed) abort.abort(new ModelError('cancelled', 'The client has left.'));
  return abort.signal;
}

/** One whole answer, with the model held until it is made. Throws ModelError; `late`: the load goes on for those who ask again. */
export async function answerOnce<T>(job: Job, signal: AbortSignal, make: (model: LoadedModel) => Promise<T>): Promise<T> {
  const acquired = job.host.acquire(job.file, signal, () => undefined);
  const lease = await inTime(acquired, job.patience, () => {
    const { share } = { share: 0, ...job.host.standing() };
    return new ModelError('late', `The model is still loading (${Math.round(share * 100)} %).`);
  });
  try {
    return await make(lease.model);
  } finally {
    lease.release();
  }
}

/** Where it takes longer the client is told, and what was waited for is let go of when it comes. */
async function inTime(acquired: Promise<Lease>, patience: number, late: () => ModelError): Promise<Lease> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), patience);
  });
  try {
    const lease = await Promise.race([acquired, tooLate]);
    if (lease) return lease;
    acquired.then(
      given => given.release(),
      () => undefined,
    );
    throw late();
  } finally {
    clearTimeout(timer);
  }
}

/** A streamed answer: 200 as soon as the model may be loaded, comments while it loads, then what `make` sends. */
export async function answerStreamed(
  job: Job,
  request: FastifyRequest,
  reply: FastifyReply,
  make: (model: LoadedModel, stream: EventStream, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = leaving(request, reply);
  const stream = new EventStream(reply.raw);
  let share = 0;
  let news: NodeJS.Timeout | undefined;
  const onProgress = (now: number): void => {
    share = now;
    if (stream.isOpen) return;
    reply.hijack();
    stream.comment('loading 0%');
    news = setInterval(() => stream.comment(`loading ${Math.round(share * 100)}%`), NEWS);
  };
  let lease: Lease | null = null;
  try {
    lease = await job.host.acquire(job.file, signal, onProgress);
    clearInterval(news);
    if (!stream.isOpen) reply.hijack();
    await make(lease.model, stream, signal);
    stream.end();
  } catch (error) {
    clearInterval(news);
    if (!stream.isOpen && !reply.raw.headersSent) throw error;
    if (!signal.aborted) request.log.warn({ err: error }, 'a stream has failed');
    stream.send(apiError(error).body);
    stream.end('');
  } finally {
    lease?.release();
  }
}
