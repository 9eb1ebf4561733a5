import { ModelError, type ModelProblem } from '../model-error.js';

/** What a client is told in OpenAI's shape. */
export interface ApiError {
  readonly status: number;
  /** Seconds; null: trying again is of no use. */
  readonly retryAfter: number | null;
  readonly body: {
    readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string } & Record<
      string,
      unknown
    >;
  };
}

const ANSWERS: Readonly<Record<ModelProblem, readonly [status: number, type: string, code: string, retryAfter: number | null]>> = {
  'never-fits': [507, 'insufficient_memory', 'model_never_fits', null],
  'no-room': [503, 'insufficient_memory', 'no_room', 10],
  'too-many': [429, 'rate_limit_error', 'too_many_waiting', 5],
  malformed: [422, 'invalid_request_error', 'malformed_model', null],
  'not-found': [404, 'invalid_request_error', 'model_not_found', null],
  engine: [500, 'server_error', 'model_not_loaded', null],
  crashed: [503, 'server_error', 'model_crashed', 600],
  'too-long': [400, 'invalid_request_error', 'context_length_exceeded', null],
  late: [503, 'server_error', 'still_loading', 10],
  cancelled: [503, 'server_error', 'cancelled', 1],
};

/** An unknown error is told as such, and nothing of it: it may hold anything. */
export function apiError(error: unknown): ApiError {
  if (error instanceof BadRequest) return answer(400, 'invalid_request_error', 'invalid', null, error.message, error.param);
  if (!(error instanceof ModelError)) return answer(500, 'server_error', 'internal', null, 'The service failed; its log says why.');
  const [status, type, code, retryAfter] = ANSWERS[error.problem];
  const { retryAfter: told, ...details } = error.details;
  const seconds = typeof told === 'number' ? told : retryAfter;
  return answer(status, type, code, seconds, error.message, error.problem === 'not-found' ? 'model' : null, details);
}

function answer(
  status: number,
  type: string,
  code: string,
  retryAfter: number | null,
  message: string,
  param: string | null = null,
  details: object = {},
): ApiError {
  return { status, retryAfter, body: { error: { message, type, param, code, ...details } } };
}

/** What was asked for cannot be understood; `param`: which part of it. */
export class BadRequest extends Error {
  constructor(
    readonly param: string | null,
    message: string,
  ) {
    super(message);
  }
}
