import type { HistorySpan } from '../../api/live-history.js';
import type { Supervisor } from '../../runtime/supervisor.js';
import type { Ms } from '../../shared/span.js';
import { filtered, type StreamView } from './query.js';

const MINUTE: Ms = 60_000;
/** Clients that come together share it for so long, ms: a hundred of them would write 10 MB of the same JSON. */
const SHARED: Ms = 200;

/** The last minute of what ran in it: what the charts of a new viewer begin with. */
export class RecentFrames {
  #last: { readonly key: string; readonly at: Ms; readonly text: Promise<string> } | null = null;

  constructor(private readonly supervisor: Supervisor) {}

  /** JSON: spans by service. */
  of(query: StreamView): Promise<string> {
    const key = JSON.stringify([query.project, query.services]);
    const at = performance.now();
    if (this.#last?.key === key && at - this.#last.at < SHARED) return this.#last.text;
    const text = this.#read(query);
    this.#last = { key, at, text };
    return text;
  }

  forget(): void {
    this.#last = null;
  }

  async #read(query: StreamView): Promise<string> {
    const { at, services } = filtered(this.supervisor.live(), query);
    const spans = await Promise.all(
      services.map(async ({ id }): Promise<readonly [string, HistorySpan]> => [id, await this.supervisor.history(id, at - MINUTE, 0)]),
    );
    return JSON.stringify(Object.fromEntries(spans.filter(([, span]) => span.entries.length > 0)));
  }
}
