import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { CLOSED_TOO_SLOW, HOST } from '../api/contract.js';
import type { StreamFrame } from '../api/live.js';
import { FailureError, failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { broken, dataOf, refuseForeign, unavailable } from './transport.js';

const PATIENCE: Ms = 25_000;

/** Frames that wait for their reader; with more the socket is not read, so that the daemon merges deltas. */
const MOST_WAITING = 16;

export interface StreamQuery {
  /** How often figures come at most, ms: 250 to 60,000. */
  readonly every?: Ms;
  /** Names; absent or empty: all. */
  readonly services?: readonly string[];
  /** null or absent: all. */
  readonly project?: string | null;
  readonly signal?: AbortSignal;
  /** ms without a frame after which the daemon counts as hung; it sends one at least every 10 s. */
  readonly patience?: Ms;
}

/** The frames of one connection, first the snapshot; see Client.stream. */
export async function* streamFrames(socket: string, query: StreamQuery): AsyncGenerator<StreamFrame, never> {
  const { signal } = query;
  signal?.throwIfAborted();
  refuseForeign(socket);
  const inbox = new Inbox(new WebSocket(`ws+unix://${socket}:/v1/stream${textOf(query)}`, OPTIONS), socket, query.patience ?? PATIENCE);
  const leave = () => inbox.abandon(signal?.reason);
  signal?.addEventListener('abort', leave);
  try {
    for (let seq = 1; ; seq++) {
      const frame = await inbox.next();
      if (frame.seq !== seq) throw new FailureError(failure('internal', `The stream has a gap: frame ${frame.seq} instead of ${seq}.`));
      yield frame;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    inbox.close();
  }
}

const OPTIONS = { headers: { host: HOST }, perMessageDeflate: false };

function textOf({ every, services, project }: StreamQuery): string {
  const query = new URLSearchParams();
  if (every !== undefined) query.set('every', `${Math.round(every)}ms`);
  if (project) query.set('project', project);
  if (services && services.length > 0) query.set('services', services.join(','));
  return query.size === 0 ? '' : `?${query}`;
}

/** Frames that were received and not read yet. Those received before a failure are still delivered. */
class Inbox {
  readonly #client: WebSocket;
  readonly #silent: () => void;
  readonly #patience: Ms;
  #waiting: StreamFrame[] = [];
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;

  constructor(client: WebSocket, socket: string, patience: Ms) {
    this.#client = client;
    this.#patience = patience;
    this.#silent = () => this.fail(broken(socket, `it has said nothing for ${Math.round(patience / 1_000)} s`));
    client.once('unexpected-response', (_request, response: IncomingMessage) => {
      dataOf(response).then(
        () => this.fail(broken(socket, 'it answered without a stream')),
        error => this.fail(error),
      );
    });
    client.on('error', error => this.fail(unavailable(socket, error)));
    client.on('close', (code, reason) =>
      this.fail(code === CLOSED_TOO_SLOW ? tooSlow(String(reason)) : broken(socket, 'the stream ended')),
    );
    client.on('message', (data: RawData) => {
      this.#waiting.push(JSON.parse(String(data)));
      if (this.#waiting.length > MOST_WAITING) client.pause();
      this.#wake();
    });
  }

  async next(): Promise<StreamFrame> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame) {
        if (this.#waiting.length === 0) this.#client.resume();
        return frame;
      }
      if (this.#failure) throw this.#failure.error;
      const timer = setTimeout(this.#silent, this.#patience);
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      clearTimeout(timer);
    }
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** The reader is gone: drops the frames that wait. */
  abandon(reason: unknown): void {
    this.#waiting = [];
    this.fail(reason);
  }

  close(): void {
    this.#client.terminate();
  }
}

function tooSlow(message: string): FailureError {
  return new FailureError(failure('too-busy', message));
}
