import type { HistorySpanName } from '../api/contract.js';
import { FailureError, failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { queryCount, queryDuration, queryText } from './context.js';

const MINUTE: Ms = 60_000;

/** What a chart shows: a minute and a quarter of an hour as they were measured, a day in 288 slots. */
const SPANS: Readonly<Record<HistorySpanName, { readonly back: Ms; readonly slot: Ms }>> = {
  '1m': { back: MINUTE, slot: 0 },
  '15m': { back: 15 * MINUTE, slot: 0 },
  '24h': { back: 24 * 60 * MINUTE, slot: 5 * MINUTE },
};
const USUAL: HistorySpanName = '15m';
/** Slots in one answer: 14 days in quarters of an hour are 1,344. */
const MOST_SLOTS = 3_000;
/** Single measurements are kept in memory for this long. */
const MEASURED: Ms = 15 * MINUTE;

/** `span=24h`, or `since=MS&slot=5m`: the start (ms since the epoch) and the slot in ms. FailureError usage for anything else. */
export function readSpan(query: unknown, now: Ms): { readonly since: Ms; readonly slot: Ms } {
  const since = queryCount(query, 'since');
  const slot = queryDuration(query, 'slot');
  const span = queryText(query, 'span');
  if (since === null && slot === null) {
    const { back, slot: usual } = named(span ?? USUAL);
    return { since: now - back, slot: usual };
  }
  if (since === null || slot === null || span !== null) throw usage('Give either span, or since and slot.');
  const least = slot === 0 ? now - MEASURED : now - MOST_SLOTS * slot;
  if (since < least) throw usage(`since is too far back: at most 15m for single measurements (slot=0s), else at most ${MOST_SLOTS} slots.`);
  return { since, slot };
}

function named(span: string): { readonly back: Ms; readonly slot: Ms } {
  if (span === '1m' || span === '15m' || span === '24h') return SPANS[span];
  throw usage('The parameter span must be 1m, 15m or 24h.');
}

function usage(message: string): FailureError {
  return new FailureError(failure('usage', message));
}
