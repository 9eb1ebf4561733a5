export type ModelProblem =
  /** The file is no GGUF, is cut off, or lacks what every model has: native code never sees it. */
  | 'malformed'
  | 'not-found'
  /** No context is small enough for the memory that there can ever be. */
  | 'never-fits'
  /** It does not fit now; later it may. */
  | 'no-room'
  | 'too-many'
  /** The engine could not load it. */
  | 'engine'
  /** The process ended while the engine loaded it, more than once: it is left alone for a while. */
  | 'crashed'
  /** The conversation, with the tools' descriptions, is longer than the context. */
  | 'too-long'
  /** It took longer than the client may wait. */
  | 'late'
  | 'cancelled';

/** Why a model cannot answer. */
export class ModelError extends Error {
  constructor(
    readonly problem: ModelProblem,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
