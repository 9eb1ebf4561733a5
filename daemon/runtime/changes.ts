import type { Ms } from '../shared/span.js';

/** For those who wait until something in the world has changed, and look for themselves what. */
export class Changes {
  private readonly waiting = new Set<() => void>();

  /** The world has changed. */
  update(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the next change, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Resolves after this time, or when the signal is aborted. */
  after(pause: Ms, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(done, pause);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      if (signal.aborted) return done();
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
