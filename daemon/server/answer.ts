import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Envelope } from '../api/contract.js';
import type { Log } from '../ports/ports.js';
import { CATALOGUE, type Failure, FailureError, failure } from '../shared/failure.js';
import { ANSWER_HEADERS } from './guard.js';

export function envelope<T>(data: T): Envelope<T> {
  return { ok: true, data };
}

export function failed(error: Failure): Envelope<never> {
  return { ok: false, error };
}

export function statusOf(value: Failure): number {
  return CATALOGUE[value.code].status;
}

/** What went wrong, as a Failure. A bug is logged with its stack and answered without its message, which may hold secrets. */
export function requestFailure(error: unknown, log: Log): Failure {
  if (error instanceof FailureError) return error.failure;
  const { code, statusCode } = fastifyError(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return failure('too-large', 'The body of the request is too large.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return failure('media-type', 'The request must be application/json.');
  if (statusCode >= 400 && statusCode < 500) return failure('usage', 'The body of the request is not JSON.');
  log.error({ err: error }, 'request failed: a bug');
  return failure('internal', 'The daemon failed to answer; its log has the cause.');
}

function fastifyError(error: unknown): { code: string; statusCode: number } {
  const { code, statusCode } = error instanceof Error ? (error as Error & { code?: unknown; statusCode?: unknown }) : {};
  return { code: typeof code === 'string' ? code : '', statusCode: typeof statusCode === 'number' ? statusCode : 0 };
}

/** Answers on a bare socket, where no HTTP response object exists (bad requests, refused upgrades), and closes it. */
export function answerRaw(socket: Duplex, status: number, error: Failure): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(failed(error));
  const headers = Object.entries({
    ...ANSWER_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
}
