import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';

/** What a service used at one moment, or in one slot of time. */
export interface HistoryEntry {
  /** ms since the epoch: the moment, or the beginning of the slot. */
  readonly at: Ms;
  readonly workingSet: Bytes;
  /** The highest working set in the slot. */
  readonly peak: Bytes;
  /** % of one core; null: not known. */
  readonly cpu: number | null;
}

/** A stretch of history, oldest first. Where it was not measured (asleep) there are no entries. */
export interface HistorySpan {
  /** Length of a slot in ms; 0: entries are moments. */
  readonly slot: Ms;
  readonly entries: readonly HistoryEntry[];
}
