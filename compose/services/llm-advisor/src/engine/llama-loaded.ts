import {
  type ChatHistoryItem,
  type ChatModelFunctions,
  type GbnfJsonSchema,
  type Llama,
  LlamaChat,
  LlamaCompletion,
  type LlamaContext,
  type LlamaContextSequence,
  type LlamaEmbeddingContext,
  type LlamaGrammar,
  type LlamaModel,
} from 'node-llama-cpp';
import { inMiB } from '../admission.js';
import { limitNow } from '../memory.js';
import { ModelError } from '../model-error.js';
import type { Call, Generated, LoadedModel, Message, Sampling, Tool } from './engine.js';
import { historyOf } from './history.js';

/** One model and its one context. Generations take turns; what is cached of the conversation before is used again by the library. */
export class LlamaLoaded implements LoadedModel {
  readonly context: number;
  readonly #sequence: LlamaContextSequence;
  #embedding: Promise<LlamaEmbeddingContext> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly llama: Llama,
    private readonly model: LlamaModel,
    private readonly created: LlamaContext,
    private readonly threads: number,
    /** What one more context takes, bytes. */
    private readonly contextBytes: number,
  ) {
    this.context = created.contextSize;
    this.#sequence = created.getSequence();
  }

  chat(
    messages: readonly Message[],
    tools: readonly Tool[],
    sampling: Sampling,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<Generated> {
    return this.#inTurn(signal, async () => {
      const grammar = await this.#grammar(sampling);
      const chat = new LlamaChat({ contextSequence: this.#sequence, autoDisposeSequence: false });
      const calls: Call[] = [];
      try {
        const before = this.#sequence.tokenMeter.usedOutputTokens;
        const { response, functionCalls, metadata } = await chat.generateResponse(historyOf(messages) as ChatHistoryItem[], {
          ...options(sampling, signal, onText),
          ...(tools.length > 0 ? { functions: functionsOf(tools), documentFunctionParams: true } : grammar ? { grammar } : {}),
        });
        for (const call of functionCalls ?? []) {
          const { functionName, params } = call as { functionName: string; params: unknown };
          calls.push({
            id: `call_${Math.random().toString(36).slice(2, 14)}`,
            name: functionName,
            parameters: JSON.stringify(params ?? {}),
          });
        }
        signal.throwIfAborted();
        return this.#generated(response, calls, metadata.stopReason, before);
      } finally {
        chat.dispose({ disposeSequence: false });
      }
    });
  }

  complete(prompt: string, sampling: Sampling, signal: AbortSignal, onText: (text: string) => void): Promise<Generated> {
    return this.#inTurn(signal, async () => {
      const grammar = await this.#grammar(sampling);
      const completion = new LlamaCompletion({ contextSequence: this.#sequence, autoDisposeSequence: false });
      try {
        const before = this.#sequence.tokenMeter.usedOutputTokens;
        const { response, metadata } = await completion.generateCompletionWithMeta(prompt, {
          ...options(sampling, signal, onText),
          ...(grammar ? { grammar } : {}),
        });
        signal.throwIfAborted();
        return this.#generated(response, [], metadata.stopReason, before);
      } finally {
        completion.dispose({ disposeSequence: false });
      }
    });
  }

  embed(texts: readonly string[], signal: AbortSignal): Promise<{ vectors: readonly (readonly number[])[]; tokens: number }> {
    return this.#inTurn(signal, async () => {
      const context = await this.#embeddingContext();
      const vectors: (readonly number[])[] = [];
      let tokens = 0;
      for (const text of texts) {
        signal.throwIfAborted();
        tokens += this.model.tokenize(text).length;
        vectors.push((await context.getEmbeddingFor(text)).vector);
      }
      return { vectors, tokens };
    });
  }

  /** Made with the first embedding: what was reserved for the model does not have it. Throws ModelError `no-room`. */
  #embeddingContext(): Promise<LlamaEmbeddingContext> {
    if (this.#embedding) return this.#embedding;
    const [need, free] = [this.contextBytes, limitNow() - process.memoryUsage.rss()];
    if (need > free)
      throw new ModelError('no-room', `Embeddings need ${inMiB(need)} beside the model, and ${inMiB(Math.max(0, free))} are free.`, {
        need,
        free: Math.max(0, free),
        holders: [],
        remedies: ["Raise the service's standard memory in the profile.", 'Set a smaller CONTEXT (LLM_CONTEXT).'],
      });
    this.#embedding = this.model.createEmbeddingContext({
      contextSize: this.context,
      threads: this.threads,
      ignoreMemorySafetyChecks: true,
    });
    return this.#embedding;
  }

  async dispose(): Promise<void> {
    // Disposed while it generates, the library's stream breaks: what is under way ends first.
    await this.#turn.catch(() => undefined);
    await (await this.#embedding?.catch(() => null))?.dispose();
    await this.created.dispose();
    await this.model.dispose();
  }

  #inTurn<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    const next = this.#turn
      .catch(() => undefined)
      .then(() => {
        signal.throwIfAborted();
        return task();
      })
      .catch(error => {
        signal.throwIfAborted();
        // The library says so in words only.
        if (error instanceof Error && /context shift|context size/i.test(error.message))
          throw new ModelError('too-long', `The request does not fit into the context of ${this.context} tokens.`, {
            context: this.context,
          });
        throw error;
      });
    this.#turn = next;
    return next;
  }

  async #grammar({ schema }: Sampling): Promise<LlamaGrammar | null> {
    // The library's type is that of what it can express; what it cannot, it refuses with a message.
    return schema ? this.llama.createGrammarForJsonSchema(schema as Parameters<Llama['createGrammarForJsonSchema']>[0]) : null;
  }

  #generated(text: string, calls: readonly Call[], stop: string, before: number): Generated {
    const completionTokens = this.#sequence.tokenMeter.usedOutputTokens - before;
    return {
      text,
      calls,
      finish: calls.length > 0 ? 'tool_calls' : stop === 'maxTokens' ? 'length' : 'stop',
      // What is in the context now is what went in and what came out.
      promptTokens: Math.max(0, this.#sequence.nextTokenIndex - completionTokens),
      completionTokens,
    };
  }
}

function options({ maxTokens, temperature, topP, seed, stop }: Sampling, signal: AbortSignal, onText: (text: string) => void) {
  return {
    signal,
    onTextChunk: onText,
    ...(maxTokens === null ? {} : { maxTokens }),
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { topP }),
    ...(seed === null ? {} : { seed }),
    ...(stop.length === 0 ? {} : { customStopTriggers: [...stop] }),
  };
}

function functionsOf(tools: readonly Tool[]): ChatModelFunctions {
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      { ...(description === null ? {} : { description }), ...(parameters === null ? {} : { params: parameters as GbnfJsonSchema }) },
    ]),
  );
}
