import { FailureError } from '../../shared/failure.js';
import { classifyEngineError, type EngineError, refusalIn } from './classify.js';

/** What docker-modem rejects with: an HTTP answer, or a socket error with its errno name. */
interface ModemError extends Error {
  readonly statusCode?: number;
  readonly json?: unknown;
  readonly code?: string;
}

const SOCKET_ERRORS = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'EACCES',
  'EPERM',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTSOCK',
  'ECONNABORTED',
]);

/** Reads an engine's refusal out of what docker-modem threw; null for anything else, which is a bug of ours. */
export function readEngineError(error: unknown): EngineError | null {
  if (!(error instanceof Error)) return null;
  const { statusCode, code, json } = error as ModemError;
  if (statusCode !== undefined) return { status: statusCode, errno: null, text: answerText(json) ?? error.message };
  if (code !== undefined && SOCKET_ERRORS.has(code)) return { status: null, errno: code, text: error.message };
  if (code?.startsWith('HPE_')) return { status: null, errno: code, text: error.message };
  return null;
}

/** The error to throw in its place: FailureError for what the engine refused or did not answer, `error` itself otherwise. */
export function engineFailure(error: unknown, what: string): unknown {
  if (error instanceof FailureError) return error;
  const read = readEngineError(error);
  return read ? new FailureError(classifyEngineError(read, what)) : error;
}

/** HTTP status of an engine's refusal; null when it was something else. */
export function engineStatusOf(error: unknown): number | null {
  if (error instanceof FailureError) return refusalIn(error.failure)?.status ?? null;
  return readEngineError(error)?.status ?? null;
}

/** Docker answers {message}; Podman {cause, message, response}; a proxy plain text, which docker-modem leaves a Buffer. */
function answerText(json: unknown): string | null {
  if (Buffer.isBuffer(json)) return json.toString('utf8', 0, 4096).trim() || null;
  if (typeof json !== 'object' || json === null) return null;
  const message = (json as { message?: unknown }).message;
  return typeof message === 'string' && message !== '' ? message.trim() : null;
}
