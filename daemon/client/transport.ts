import { lstatSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { HOST } from '../api/contract.js';
import { userText } from '../files/fault.js';
import { FailureError, failure } from '../shared/failure.js';
import { parseFailure } from '../shared/parse-failure.js';
import type { Ms } from '../shared/span.js';

/** One request to the daemon. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the head of the answer, ms; default: no limit, since starting services takes long. */
  readonly limit?: Ms;
}

/** `data` of the envelope; FailureError for a failure, daemon-unavailable when no daemon answers. */
export async function callForData<T>(socket: string, call: Call): Promise<T> {
  return dataOf<T>(await open(socket, call));
}

/** The values of an NDJSON answer, one after the other; FailureError for a failure before or between them. */
export async function* callForLines<T>(socket: string, call: Call): AsyncGenerator<T> {
  const response = await open(socket, call);
  if (!isLines(response)) {
    await dataOf(response);
    throw broken(socket, 'it did not answer with NDJSON');
  }
  yield* linesOf<T>(response, socket);
}

export function isLines(response: IncomingMessage): boolean {
  return response.headers['content-type']?.startsWith('application/x-ndjson') ?? false;
}

/**
 * Throws daemon-unavailable where the socket, or its folder, belongs to another user than this one and root: a user who creates it first, as in /tmp,
 * must not receive definitions with their secrets. A missing socket is reported by the connection.
 */
export function refuseForeign(socket: string): void {
  const us = process.getuid?.();
  for (const path of [dirname(socket), socket]) {
    const uid = ownerOf(path);
    if (uid === null || uid === us || uid === 0) continue;
    const owner = userText(uid);
    throw new FailureError(
      failure('daemon-unavailable', `${path} belongs to another user, ${owner}: nothing was sent there.`, { socket, user: uid }, [
        `If you trust ${owner}: sudo -u ${owner} laptop-dev …`,
        'Or choose another socket: LAPTOP_DEV_SOCKET=/a/folder/of/yours/daemon.sock, for the daemon and for laptop-dev',
      ]),
    );
  }
}

/** The owner's UID; null: the path does not exist or cannot be read. */
function ownerOf(path: string): number | null {
  try {
    return lstatSync(path).uid;
  } catch {
    return null;
  }
}

/** Resolves when the head of the answer has come. Fails with daemon-unavailable (`code` ETIMEDOUT) when the call's limit is over. */
export function open(socket: string, call: Call): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const type = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    refuseForeign(socket);
    const request = httpRequest({
      socketPath: socket,
      method: call.method,
      path: call.path + queryOf(call.query ?? {}),
      headers: { host: HOST, ...type },
      agent: false,
      ...(call.signal ? { signal: call.signal } : {}),
    });
    const { limit } = call;
    const late = limit === undefined ? undefined : setTimeout(() => request.destroy(hung(socket, limit)), limit);
    request.once('response', resolve);
    request.once('error', error => reject(call.signal?.aborted || error instanceof FailureError ? error : unavailable(socket, error)));
    // Also if neither an answer nor an error came.
    request.once('close', () => clearTimeout(late));
    request.once('response', () => clearTimeout(late));
    request.end(body);
  });
}

export async function dataOf<T>(response: IncomingMessage): Promise<T> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk;
  const answer: { ok: true; data: T } | { ok: false; error: unknown } = JSON.parse(text);
  if (answer.ok) return answer.data;
  throw new FailureError(parseFailure(answer.error));
}

export async function* linesOf<T>(response: IncomingMessage, socket: string): AsyncGenerator<T> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield lineOf<T>(part);
    }
  } catch (error) {
    if (error instanceof FailureError || !isReset(error)) throw error;
    throw broken(socket, 'the connection broke');
  } finally {
    response.destroy();
  }
}

/** A line that is only an error ends the stream as that failure. */
function lineOf<T>(text: string): T {
  const value: T & { readonly type?: unknown; readonly error?: unknown } = JSON.parse(text);
  if (value.error === undefined) return value;
  const error = parseFailure(value.error);
  if (value.type === undefined) throw new FailureError(error);
  return { ...value, error };
}

function queryOf(values: NonNullable<Call['query']>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== false) query.set(name, value === true ? '1' : String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

export function broken(socket: string, reason: string): FailureError {
  return new FailureError(failure('daemon-unavailable', `The daemon at ${socket} went away: ${reason}.`, { socket }));
}

function hung(socket: string, limit: Ms): FailureError {
  const details = { socket, code: 'ETIMEDOUT', limit };
  return new FailureError(
    failure('daemon-unavailable', `The daemon accepted the connection but did not answer within ${limit / 1_000} s: ${socket}.`, details, [
      'laptop-dev daemon status names its process',
    ]),
  );
}

export function unavailable(socket: string, error: Error & { code?: string }): FailureError {
  const reason: Readonly<Record<string, string>> = {
    ENOENT: 'The daemon is not running',
    ECONNREFUSED: 'The daemon is not running (it left its socket behind)',
    EACCES: 'The daemon belongs to another user',
    ECONNRESET: 'The daemon closed the connection',
  };
  const what = reason[error.code ?? ''] ?? `The daemon cannot be reached (${error.message})`;
  return new FailureError(failure('daemon-unavailable', `${what}: ${socket}.`, { socket, code: error.code ?? null }));
}
