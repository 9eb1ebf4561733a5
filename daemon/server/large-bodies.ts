import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailureError, failure } from '../shared/failure.js';

/** Bodies over the common limit that may be on their way at the same time: 64 connections of 1 MiB each took 140 MB (docs/design/security.md, "Requests"). */
const MOST = 4;

/**
 * Admits few large bodies at once; the others are refused with too-busy before they are read. `admit` goes before the body is
 * parsed, `release` after.
 */
export class LargeBodies {
  readonly #above: number;
  readonly #inFlight = new Set<FastifyRequest>();

  /** `above`: bytes from which a body counts as large. One without a length counts too. */
  constructor(above: number) {
    this.#above = above;
  }

  readonly admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    if (length <= this.#above) return;
    if (this.#inFlight.size >= MOST) throw new FailureError(failure('too-busy', `${MOST} large requests are being read already.`));
    this.#inFlight.add(request);
    reply.raw.once('close', () => this.#inFlight.delete(request));
  };

  readonly release = async (request: FastifyRequest): Promise<void> => {
    this.#inFlight.delete(request);
  };
}
