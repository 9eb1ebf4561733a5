import type { Event } from '../scheduler/state/event.js';
import type { Bytes } from '../shared/bytes.js';
import type { Failure } from '../shared/failure.js';
import type { Target } from './listeners.js';

export type ReportedMemory = Extract<Event, { kind: 'memoryReported' }>['report'];

/** What a service says of itself over HTTP, and what it is answered (docs/llm.md, "Memory requests"). */
export interface MemoryRequests {
  /**
   * Tells each change of its word until `signal` aborts. One that cannot be reached, or answers something else, is asked again after a
   * pause; nothing is thrown.
   */
  follow(target: Target, onWord: (word: ReportedMemory) => void, signal: AbortSignal): Promise<void>;
  /** `refusal` null: the limit that it asked for, `bytes`, holds now. Rejects when it cannot be told. */
  answer(target: Target, bytes: Bytes, refusal: Failure | null): Promise<void>;
}
