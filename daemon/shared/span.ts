const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;
const HOUR: Ms = 60 * MINUTE;

/** Writes a span of time for a sentence, in whole seconds and at most two units: `40 s`, `2 m`, `4 m 10 s`, `2 h 5 m`. */
export function formatSpan(ms: Ms): string {
  const rounded = Math.max(0, Math.round(ms / SECOND)) * SECOND;
  if (rounded < MINUTE) return `${rounded / SECOND} s`;
  if (rounded < HOUR) return pair(rounded, MINUTE, 'm', SECOND, 's');
  return pair(Math.floor(rounded / MINUTE) * MINUTE, HOUR, 'h', MINUTE, 'm');
}

function pair(ms: Ms, big: Ms, bigUnit: string, small: Ms, smallUnit: string): string {
  const rest = (ms % big) / small;
  return `${Math.floor(ms / big)} ${bigUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** The same for what may be short: `0.4 s` below ten seconds. */
export function formatTime(ms: Ms): string {
  return ms < 10 * SECOND ? `${(Math.max(0, ms) / SECOND).toFixed(1)} s` : formatSpan(ms);
}

/** A span of time in milliseconds. */
export type Ms = number;
