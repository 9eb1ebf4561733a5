/** What the service says of itself to whoever grants it memory. Bytes. */
export interface Said {
  /** The limit that a load asks for; null: none does. */
  readonly wants: number | null;
  /** The limit must not fall below this for what is loaded or being loaded. */
  readonly holds: number;
  readonly loading: { readonly model: string; readonly share: number } | null;
  /** The one that is loaded. */
  readonly model: string | null;
}

export interface Word extends Said {
  readonly version: number;
}

/** A share that grows is news no more often than this, ms. */
const NEWS = 250;

/** What is said, and who waits to hear it change. */
export class Spoken {
  #said: Said = { wants: null, holds: 0, loading: null, model: null };
  /** Versions of a later life of the process are higher, so that a listener who knows those of an earlier one hears at once. */
  #version = Date.now();
  readonly #listeners = new Set<() => void>();
  #quiet: NodeJS.Timeout | null = null;
  #held = false;
  #closed = false;

  /** Replaces what is given, and wakes who waits unless nothing has changed. */
  say(part: Partial<Said>): void {
    const before = this.#said;
    this.#said = { ...before, ...part };
    if (isSame(before, this.#said)) return;
    if (!isSame({ ...before, loading: null }, { ...this.#said, loading: null }) || before.loading?.model !== this.#said.loading?.model)
      this.#tell();
    else this.#tellShare();
  }

  /** At once when there is something newer than `after` (null: in any case), else with the next change or after `patience` ms. */
  hear(after: number | null, patience: number, signal: AbortSignal): Promise<Word> {
    if (after !== this.#version || this.#closed || signal.aborted) return Promise.resolve(this.#word());
    return new Promise(resolve => {
      const end = (): void => {
        this.#listeners.delete(end);
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve(this.#word());
      };
      const timer = setTimeout(end, patience);
      signal.addEventListener('abort', end, { once: true });
      this.#listeners.add(end);
    });
  }

  /** Nobody waits any more: a listener would keep the service from ending. */
  close(): void {
    this.#closed = true;
    for (const listener of [...this.#listeners]) listener();
  }

  #word(): Word {
    return { version: this.#version, ...this.#said };
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  #tellShare(): void {
    if (this.#quiet) {
      this.#held = true;
      return;
    }
    this.#tell();
    this.#quiet = setTimeout(() => {
      this.#quiet = null;
      if (!this.#held) return;
      this.#held = false;
      this.#tellShare();
    }, NEWS).unref();
  }
}

function isSame(a: Said, b: Said): boolean {
  return (
    a.wants === b.wants &&
    a.holds === b.holds &&
    a.model === b.model &&
    a.loading?.model === b.loading?.model &&
    a.loading?.share === b.loading?.share
  );
}
