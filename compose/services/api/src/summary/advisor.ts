import type { Stored } from '../records/record.js';

/** A text about a record, and which model wrote it. */
export interface Summary {
  readonly summary: string;
  readonly model: string;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
}

export interface Advisor {
  /** Rejects with AdvisorError, or with the signal's reason when it aborts. It may take minutes: the model is loaded by the first question. */
  summarise(record: Stored, signal: AbortSignal): Promise<Summary>;
}

/** Why there is no summary, as the API tells it. */
export class AdvisorError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds; null: trying again is of no use. */
    readonly retryAfter: string | null = null,
    /** What the advisor said beside: need, free, holders, remedies. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** More of a record than this is left out, in characters: a small model has a small context. */
const MOST_TEXT = 4_000;
const TASK = 'Summarise the record that follows in one or two plain sentences. Add nothing that is not in it.';
/** Refusals that pass: the caller can act on them. */
const PASSED = new Set([429, 503, 507]);

/** The service behind LLM_URL, asked as OpenAI's API. `patience`: for one summary, ms. */
export function httpAdvisor(url: string, patience: number): Advisor {
  return {
    async summarise(record, signal) {
      const late = AbortSignal.timeout(patience);
      try {
        const answer = await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(questionOf(record)),
          signal: AbortSignal.any([signal, late]),
        });
        const body: unknown = await answer.json().catch(() => null);
        return answer.ok ? summaryOf(body) : refused(answer, body);
      } catch (error) {
        signal.throwIfAborted();
        if (late.aborted)
          throw new AdvisorError(504, 'advisor-late', `The LLM Advisor has not answered within ${patience / 1_000} s`, '10');
        throw error instanceof AdvisorError ? error : away(error);
      }
    },
  };
}

function questionOf({ name, data }: Stored): object {
  const text = JSON.stringify({ name, data }).slice(0, MOST_TEXT);
  const messages = [
    { role: 'system', content: TASK },
    { role: 'user', content: text },
  ];
  return { messages, max_tokens: 120, temperature: 0 };
}

function summaryOf(body: unknown): Summary {
  const { model, choices, usage } = body as {
    model?: unknown;
    choices?: { message?: { content?: unknown } }[];
    usage?: { prompt_tokens?: number; completion_tokens?: number };
  };
  const text = choices?.[0]?.message?.content;
  if (typeof text !== 'string') throw new AdvisorError(502, 'advisor-strange', 'The LLM Advisor gave an answer without a text');
  return {
    summary: text.trim(),
    model: String(model ?? ''),
    usage: { promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 },
  };
}

/** 404 is a model that is not there, not a record: it can be put right, so it is 503. */
function refused(answer: Response, body: unknown): never {
  const error = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : null;
  const {
    message,
    code,
    type: _type,
    param: _param,
    ...details
  } = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const status = PASSED.has(answer.status) ? answer.status : answer.status === 404 ? 503 : 502;
  const why = typeof message === 'string' ? message : `The LLM Advisor answered ${answer.status}`;
  throw new AdvisorError(status, typeof code === 'string' ? code : 'advisor-refused', why, answer.headers.get('retry-after'), details);
}

/** Its name is known only where a profile has it. */
function away(error: unknown): AdvisorError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = String((cause as { code?: unknown } | null)?.code ?? '');
  const nobody = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH)$/.test(code);
  const message = nobody ? 'There is no LLM Advisor in this profile' : 'The connection to the LLM Advisor broke';
  return new AdvisorError(503, nobody ? 'no-advisor' : 'advisor-away', message, nobody ? null : '5', {
    reason: code || String(cause),
    remedies: nobody ? ['laptop-dev up llm'] : ['laptop-dev why llm-advisor'],
  });
}
