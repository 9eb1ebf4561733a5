import type { Notice } from '../core/event.js';
import type { LoggedNotice } from '../core/views.js';
import type { Clock } from '../ports.js';

/** What has happened, for `events`, `why` and progress: the last ones, and each to whoever listens. */
export class Notices {
  private readonly kept: LoggedNotice[] = [];
  private readonly listeners = new Set<(notice: LoggedNotice) => void>();
  private seq = 0;

  constructor(
    private readonly clock: Clock,
    private readonly most = 1_000,
  ) {}

  add(notices: readonly Notice[]): void {
    for (const notice of notices) {
      const logged = { ...notice, seq: ++this.seq, at: this.clock.wall() };
      this.kept.push(logged);
      if (this.kept.length > this.most) this.kept.shift();
      for (const listener of this.listeners) listener(logged);
    }
  }

  list(): readonly LoggedNotice[] {
    return [...this.kept];
  }

  subscribe(listener: (notice: LoggedNotice) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
