const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `90` (seconds), `1500ms`, `2m`, `1h30m`. Milliseconds; null for anything else. */
export function parseDurationOption(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, value, unit] of text.matchAll(/(?<![\d.])(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(value) * (UNITS[unit ?? ''] ?? 0);
  return total;
}

/** A point in time: a duration before `now`, an ISO date (with or without a time; local without a zone), or seconds since the epoch. ms since the epoch; null for anything else. */
export function parseSince(text: string, now: number): number | null {
  if (/^\d{9,}(\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1_000);
  const back = parseDurationOption(text);
  if (back !== null) return Math.max(0, Math.floor(now - back));
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return null;
  const at = Date.parse(/[T ]/.test(text) ? text.replace(' ', 'T') : `${text}T00:00:00`);
  return Number.isNaN(at) ? null : at;
}
