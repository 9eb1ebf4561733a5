import type { Engine, Generated, LoadedModel, LoadOptions } from '../../../compose/services/llm-advisor/src/engine/engine.js';
import type { ModelFile } from '../../../compose/services/llm-advisor/src/models.js';

export const MiB = 1024 * 1024;

export const file = (name: string): ModelFile => ({ name, path: `/models/${name}.gguf`, bytes: 100 * MiB, changed: 0 });

/** A load under way, as a test drives it. */
export interface Load {
  readonly path: string;
  readonly options: LoadOptions;
  finish(): void;
  fail(error: Error): void;
}

/** An engine whose loads end when the test says so, or when they are aborted. */
export class FakeEngine implements Engine {
  readonly version = 'fake 1';
  readonly loads: Load[] = [];
  readonly disposed: string[] = [];
  /** Of a model without its context, bytes. */
  size = 100 * MiB;
  answer: Generated = { text: 'Hello', calls: [], finish: 'stop', promptTokens: 3, completionTokens: 2 };
  /** Called before each answer. */
  before: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  prepare(): void {}

  estimate(_path: string, context: number): Promise<number> {
    return Promise.resolve(this.size + context * 1024);
  }

  load(path: string, options: LoadOptions): Promise<LoadedModel> {
    return new Promise((resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason));
      this.loads.push({ path, options, finish: () => resolve(this.#loaded(path, options.context)), fail: reject });
    });
  }

  #loaded(path: string, context: number): LoadedModel {
    const generate = async (signal: AbortSignal, onText: (text: string) => void): Promise<Generated> => {
      await this.before(signal);
      signal.throwIfAborted();
      for (const letter of this.answer.text) onText(letter);
      return this.answer;
    };
    return {
      context,
      chat: (_messages, _tools, _sampling, signal, onText) => generate(signal, onText),
      complete: (_prompt, _sampling, signal, onText) => generate(signal, onText),
      embed: texts => Promise.resolve({ vectors: texts.map(() => [0.5, -1]), tokens: texts.length }),
      dispose: () => {
        this.disposed.push(path);
        return Promise.resolve();
      },
    };
  }
}
