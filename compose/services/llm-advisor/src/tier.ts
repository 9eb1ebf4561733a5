/** Why a higher limit was not given. */
export interface Refusal {
  readonly reason: string | null;
  readonly holders: readonly unknown[];
}

/** Whoever runs this service may raise its limit when it asks. */
export interface Tier {
  /** The most that it can ever be given, bytes; 0: not known, so what it has. */
  maximum(): number;
  /** Resolves when the limit was raised, or was not: the limit itself tells. */
  ask(bytes: number, signal: AbortSignal): Promise<Refusal>;
}

interface Question {
  readonly bytes: number;
  settle(answer: Refusal): void;
}

/** How long the one who grants may take to begin with the question; without one, nobody answers. */
const UNHEARD = 3_000;
const UNANSWERED = 60_000;

/**
 * Laptop-dev's side asks what is wanted (`wanted`, a long poll), raises the limit within its budget, and says how that went (`answered`). One
 * question at a time; what is not heard within 3 s is answered with what there is.
 */
export class PolledTier implements Tier {
  #question: Question | null = null;
  #heard = false;
  readonly #pollers = new Set<() => void>();

  constructor(private readonly most: number) {}

  maximum(): number {
    return this.most;
  }

  async ask(bytes: number, signal: AbortSignal): Promise<Refusal> {
    let onAbort: () => void = () => undefined;
    let timers: NodeJS.Timeout[] = [];
    try {
      return await new Promise<Refusal>((resolve, reject) => {
        onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#heard = false;
        this.#question = { bytes, settle: resolve };
        timers = [
          setTimeout(() => this.#heard || resolve(NOBODY), UNHEARD),
          setTimeout(() => resolve({ reason: 'The request for memory was not answered in time.', holders: [] }), UNANSWERED),
        ];
        for (const poller of this.#pollers) poller();
      });
    } finally {
      this.#question = null;
      signal.removeEventListener('abort', onAbort);
      timers.forEach(clearTimeout);
    }
  }

  /** What is wanted, bytes; null: nothing for `patience` ms. */
  wanted(patience: number, signal: AbortSignal): Promise<number | null> {
    return new Promise(resolve => {
      const tell = (): void => {
        if (!this.#question) return;
        this.#heard = true;
        end(this.#question.bytes);
      };
      const end = (bytes: number | null): void => {
        this.#pollers.delete(tell);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(bytes);
      };
      const onAbort = (): void => end(null);
      const timer = setTimeout(() => end(null), patience);
      this.#pollers.add(tell);
      signal.addEventListener('abort', onAbort, { once: true });
      tell();
    });
  }

  answered(answer: Refusal): void {
    this.#question?.settle(answer);
  }
}

const NOBODY: Refusal = { reason: null, holders: [] };
