import { parseDuration } from '../shared/duration.js';

/** A point in time: a duration before `now`, an ISO date (with or without a time; local without a zone), or seconds since the epoch. ms since the epoch; null for anything else. */
export function parseSince(text: string, now: number): number | null {
  if (/^\d{9,}(\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1_000);
  const back = parseDuration(text, 'option');
  if (back !== null) return Math.max(0, Math.floor(now - back));
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return null;
  const at = Date.parse(/[T ]/.test(text) ? text.replace(' ', 'T') : `${text}T00:00:00`);
  return Number.isNaN(at) ? null : at;
}
