import type { Spoken, Word } from './word.js';

/** What was said to a request for a higher limit. Bytes. */
export interface Answer {
  /** The limit is raised already. */
  readonly granted: boolean;
  readonly reason: string | null;
  /** What was asked for, what could be had; null: nobody said. */
  readonly need: number | null;
  readonly free: number | null;
  /** Who has the rest, as laptop-dev tells it. */
  readonly holders: readonly unknown[];
  readonly remedies: readonly string[];
}

/** Whoever runs this service may raise its limit when it asks. */
export interface Tier {
  /** The most that it can ever be given, bytes; 0: not known, so what it has. */
  maximum(): number;
  /** Rejects with the signal's reason when it aborts: nothing is asked for then. */
  ask(bytes: number, signal: AbortSignal): Promise<Answer>;
}

/** How long the one who grants may take to begin with the question; without one, nobody answers. */
const UNHEARD = 3_000;
const UNANSWERED = 75_000;

/**
 * Laptop-dev's side follows what is said (`state`, a long poll), raises the limit within its budget, and answers (`answered`). One question at a
 * time; what is not heard within 3 s is answered with what there is.
 */
export class PolledTier implements Tier {
  #settle: ((answer: Answer) => void) | null = null;
  #heard = false;

  constructor(
    private readonly most: number,
    private readonly spoken: Spoken,
  ) {}

  maximum(): number {
    return this.most;
  }

  async ask(bytes: number, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    let onAbort: () => void = () => undefined;
    let timers: NodeJS.Timeout[] = [];
    let granted = false;
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#heard = false;
        this.#settle = resolve;
        timers = [setTimeout(() => this.#heard || resolve(nothing(null)), UNHEARD), setTimeout(() => resolve(nothing(LATE)), UNANSWERED)];
        this.spoken.say({ wants: bytes });
      });
      granted = answer.granted;
      return answer;
    } finally {
      this.#settle = null;
      signal.removeEventListener('abort', onAbort);
      timers.forEach(clearTimeout);
      // In one breath: between them the limit could be lowered again.
      this.spoken.say({ wants: null, ...(granted ? { holds: bytes } : {}) });
    }
  }

  /** What the service says now, or says next; a question in it counts as heard. */
  async state(after: number | null, patience: number, signal: AbortSignal): Promise<Word> {
    const word = await this.spoken.hear(after, patience, signal);
    if (word.wants !== null && !signal.aborted) this.#heard = true;
    return word;
  }

  answered(answer: Answer): void {
    this.#settle?.(answer);
  }
}

const LATE = 'The request for memory was not answered in time.';

function nothing(reason: string | null): Answer {
  return { granted: false, reason, need: null, free: null, holders: [], remedies: [] };
}
