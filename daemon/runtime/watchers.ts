import type { Ms } from '../shared/span.js';

/** How often figures are taken for somebody at the most. */
const FASTEST: Ms = 250;

interface Watcher {
  readonly every: Ms;
  readonly changed: () => void;
}

/** Those who watch. Each is called back once a turn of the event loop, however much has changed in it. */
export class Watchers {
  private readonly watching = new Set<Watcher>();
  private due: NodeJS.Immediate | null = null;

  /** How often figures are wanted; null: nobody watches. */
  get every(): Ms | null {
    let least: Ms | null = null;
    for (const { every } of this.watching) if (least === null || every < least) least = every;
    return least;
  }

  /** Returns what ends it; a call that is due by then is not made. */
  add(every: Ms, changed: () => void): () => void {
    const watcher = { every: Math.max(FASTEST, every), changed };
    this.watching.add(watcher);
    return () => this.watching.delete(watcher);
  }

  /** Something may have changed. */
  poke(): void {
    if (this.watching.size === 0 || this.due !== null) return;
    this.due = setImmediate(() => {
      this.due = null;
      for (const watcher of [...this.watching]) if (this.watching.has(watcher)) watcher.changed();
    });
  }

  close(): void {
    if (this.due !== null) clearImmediate(this.due);
    this.due = null;
    this.watching.clear();
  }
}
