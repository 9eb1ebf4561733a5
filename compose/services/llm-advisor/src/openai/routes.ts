import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Call, Generated } from '../engine/engine.js';
import type { Host } from '../host.js';
import { findModel } from '../models.js';
import { BadRequest } from './errors.js';
import { fields, isFlag, isText, optional, readMessages, readSampling, readTools } from './read.js';
import type { EventStream } from './sse.js';
import { answerOnce, answerStreamed, type Job, leaving } from './use.js';

export interface Parts {
  readonly host: Host;
  readonly models: string;
  readonly model: string;
  readonly patience: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** POST /v1/chat/completions, /v1/completions and /v1/embeddings as OpenAI's clients call them. */
export function openaiRoutes(app: FastifyInstance, parts: Parts): void {
  const jobOf = async (body: Fields): Promise<Job> => ({
    host: parts.host,
    file: await findModel(parts.models, optional(body, 'model', isText, 'a string') ?? '', parts.model),
    patience: parts.patience,
  });

  app.post('/v1/chat/completions', async (request, reply) => {
    const body = fields(request.body, 'the body');
    const [messages, tools, sampling] = [readMessages(body['messages']), readTools(body), readSampling(body)];
    const job = await jobOf(body);
    const head = headOf('chatcmpl', 'chat.completion', job);
    if (!optional(body, 'stream', isFlag, 'true or false')) {
      const signal = leaving(request, reply);
      const made = await answerOnce(job, signal, model => model.chat(messages, tools, sampling, signal, () => undefined));
      const message = { role: 'assistant', content: made.calls.length > 0 ? null : made.text, ...callsOf(made.calls) };
      return { ...head, choices: [{ index: 0, message, logprobs: null, finish_reason: made.finish }], usage: usageOf(made) };
    }
    const chunk = { ...head, object: 'chat.completion.chunk' };
    const tell = (stream: EventStream, delta: object, finish: string | null = null): void =>
      stream.send({ ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
    await answerStreamed(job, request, reply, async (model, stream, signal) => {
      tell(stream, { role: 'assistant', content: '' });
      const made = await model.chat(messages, tools, sampling, signal, content => tell(stream, { content }));
      if (made.calls.length > 0) tell(stream, callsOf(made.calls));
      tell(stream, {}, made.finish);
      if (wantsUsage(body)) stream.send({ ...chunk, choices: [], usage: usageOf(made) });
    });
    return reply;
  });

  app.post('/v1/completions', async (request, reply) => {
    const body = fields(request.body, 'the body');
    const prompt = optional(body, 'prompt', isText, 'a string') ?? '';
    const sampling = readSampling(body);
    const job = await jobOf(body);
    const head = headOf('cmpl', 'text_completion', job);
    const choice = (text: string, finish: string | null) => ({
      ...head,
      choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
    });
    if (!optional(body, 'stream', isFlag, 'true or false')) {
      const signal = leaving(request, reply);
      const made = await answerOnce(job, signal, model => model.complete(prompt, sampling, signal, () => undefined));
      return { ...choice(made.text, made.finish), usage: usageOf(made) };
    }
    await answerStreamed(job, request, reply, async (model, stream, signal) => {
      const made = await model.complete(prompt, sampling, signal, text => stream.send(choice(text, null)));
      stream.send(choice('', made.finish));
      if (wantsUsage(body)) stream.send({ ...head, choices: [], usage: usageOf(made) });
    });
    return reply;
  });

  app.post('/v1/embeddings', async (request, reply) => {
    const body = fields(request.body, 'the body');
    const texts = readTexts(body['input']);
    const job = await jobOf(body);
    const signal = leaving(request, reply);
    const { vectors, tokens } = await answerOnce(job, signal, model => model.embed(texts, signal));
    const asText = body['encoding_format'] === 'base64';
    const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: asText ? base64(vector) : vector }));
    return { object: 'list', model: job.file.name, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  });
}

function headOf(prefix: string, object: string, { file }: Job): { id: string; object: string; created: number; model: string } {
  return { id: `${prefix}-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model: file.name };
}

function callsOf(calls: readonly Call[]): object {
  if (calls.length === 0) return {};
  return {
    tool_calls: calls.map(({ id, name, parameters }, index) => ({
      index,
      id,
      type: 'function',
      function: { name, arguments: parameters },
    })),
  };
}

function usageOf({ promptTokens, completionTokens }: Generated): object {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}

function wantsUsage(body: Fields): boolean {
  const options = body['stream_options'];
  return typeof options === 'object' && options !== null && Reflect.get(options, 'include_usage') === true;
}

function readTexts(input: unknown): readonly string[] {
  const list = Array.isArray(input) ? input : [input];
  if (list.length === 0 || !list.every(isText)) throw new BadRequest('input', 'input has to be a string, or a list of strings.');
  return list;
}

/** Little-endian 32-bit floats, as OpenAI's own client asks for them. */
function base64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}
