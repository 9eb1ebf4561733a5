/** One message of a conversation, as the API takes it. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Of an assistant that called functions. */
  readonly calls?: readonly Call[];
  /** Of a tool: which call it answers. */
  readonly answers?: string;
}

export interface Call {
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly parameters: string;
}

export interface Tool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of its parameters. */
  readonly parameters: object | null;
}

export interface Sampling {
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly seed: number | null;
  readonly stop: readonly string[];
  /** JSON Schema that the text has to fit; null: any text. */
  readonly schema: object | null;
}

export interface Generated {
  readonly text: string;
  readonly calls: readonly Call[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** A model in memory. One generation at a time: others wait for it. Methods reject with the signal's reason when it aborts. */
export interface LoadedModel {
  readonly context: number;
  chat(
    messages: readonly Message[],
    tools: readonly Tool[],
    sampling: Sampling,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<Generated>;
  complete(prompt: string, sampling: Sampling, signal: AbortSignal, onText: (text: string) => void): Promise<Generated>;
  embed(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }>;
  dispose(): Promise<void>;
}

export interface LoadOptions {
  readonly context: number;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** What runs models. It is the only part that knows a library. */
export interface Engine {
  readonly version: string;
  /** Begins to load the library, which takes a third of a second: what is decided meanwhile costs no time. What fails is told by the load. */
  prepare(): void;
  /** What the library expects a model with a context of so many tokens to take, bytes. */
  estimate(file: string, context: number): Promise<number>;
  /** Rejects with ModelError `engine` when the library cannot load it, with the signal's reason when it aborts: nothing stays in memory then. */
  load(file: string, options: LoadOptions): Promise<LoadedModel>;
}
