import type { Choice, Need } from './admission.js';
import type { Engine } from './engine/engine.js';
import type { ModelFile } from './models.js';
import type { Answer } from './tier.js';
import type { Said } from './word.js';

/** What decides about memory, and measures it. */
export interface Room {
  /**
   * The contexts that may be tried, the largest first, and which of them; those below it only with `all`. Throws ModelError: the file is damaged, or never
   * fits.
   */
  judge(file: ModelFile, all?: boolean): Promise<{ readonly needs: readonly Need[]; readonly choice: Choice; readonly maximum: number }>;
  /** Asks for a higher limit. Resolves to the limit that holds then, and what was said. */
  ask(bytes: number, signal: AbortSignal): Promise<{ readonly limit: number; readonly answer: Answer }>;
  /** Before and after a load: whether the process survives it, and what it took at its highest. */
  begin(file: ModelFile, context: number): Promise<void>;
  loaded(file: ModelFile, context: number): Promise<void>;
  failed(): Promise<void>;
  /** Before the first of the answers that are made at once with what is loaded, and after the last. */
  answering(): Promise<void>;
  answered(): Promise<void>;
}

export interface HostOptions {
  readonly engine: Engine;
  readonly room: Room;
  /** ms without a lease until the model is unloaded. */
  readonly unloadAfter: number;
  /** Requests that may wait for a load at once. */
  readonly waiters: number;
  /** Hears what is loaded or being loaded, and what that holds. */
  readonly say: (said: Omit<Said, 'wants'>) => void;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}
