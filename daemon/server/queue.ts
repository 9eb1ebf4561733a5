import { FailureError, failure } from '../shared/failure.js';

/** Most items that are queued for a slow reader before the stream ends (docs/design/reliability.md, "Slow clients"). */
const MOST_WAITING = 10_000;

/** Turns calls of `push` into an async iteration, in order. Ends with `end`; for a reader that is too slow it ends with too-busy. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  #ended = false;
  #overflowed = false;
  #wake: (() => void) | null = null;

  push(item: T): void {
    if (this.#ended) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#overflowed = true;
      this.end();
      return;
    }
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** What was pushed before is still delivered. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const batch = this.#waiting;
      this.#waiting = [];
      yield* batch;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) break;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    if (this.#overflowed) throw new FailureError(failure('too-busy', `The stream fell ${MOST_WAITING} entries behind and was ended.`));
  }
}
