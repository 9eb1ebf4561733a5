import type { Ms } from './span.js';

interface Grammar {
  /** Unit → ms. */
  readonly units: Readonly<Record<string, number>>;
  readonly pattern: RegExp;
  /** The unit of a bare number, in ms; null: a bare number is no duration. */
  readonly bare: Ms | null;
}

const UNITS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const AMOUNT = '\\d+(?:\\.\\d+)?';

/** `1h30m`, `90s`, `500ms`: whole numbers, each unit at most once, the larger first. Without flags, because the JSON Schema of profiles has it too. */
export const PROFILE_DURATION = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** All three read `90s`, `1h30m` and `500ms`. They differ in what else the place where they are written has always allowed. */
const GRAMMARS = {
  /** Of Compose files: Go's, with days and weeks. Fractions, any order, and a zero without a unit. */
  compose: { units: UNITS, pattern: new RegExp(`^(?:0+|(?:${AMOUNT}(?:ns|us|µs|ms|s|m|h|d|w))+)$`), bare: 0 },
  /** Of profiles, environment variables and queries of the API. */
  profile: { units: UNITS, pattern: PROFILE_DURATION, bare: null },
  /** Of the command line: fractions, any order, days; a bare number counts seconds. */
  option: { units: UNITS, pattern: new RegExp(`^(?:${AMOUNT}|(?:${AMOUNT}(?:ms|s|m|h|d))+)$`), bare: UNITS.s },
} as const satisfies Record<string, Grammar>;

export type DurationGrammar = keyof typeof GRAMMARS;

/** Reads a duration, in ms; null for anything that the grammar does not have, and for what is above Number.MAX_SAFE_INTEGER. */
export function parseDuration(text: string, grammar: DurationGrammar): Ms | null {
  const { units, pattern, bare }: Grammar = GRAMMARS[grammar];
  if (!pattern.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]*)/g)) {
    total += Number(amount) * ((unit ? units[unit] : bare) ?? 0);
  }
  return total <= Number.MAX_SAFE_INTEGER ? total : null;
}

/** Writes a duration exactly, in one unit, as every grammar reads it: `2h`, `10m`, `90s`, `1500ms`, `0s`. For a sentence: formatSpan. */
export function formatDuration(ms: Ms): string {
  if (ms === 0) return '0s';
  if (ms % UNITS.h === 0) return `${ms / UNITS.h}h`;
  if (ms % UNITS.m === 0) return `${ms / UNITS.m}m`;
  return ms % UNITS.s === 0 ? `${ms / UNITS.s}s` : `${ms}ms`;
}
