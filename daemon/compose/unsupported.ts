import type { Cursor } from './cursor.js';

/** Warns of each key that is not in `supported`: understood, but not done. What the schema refused is reported there. */
export function warnUnsupported(cursor: Cursor, supported: readonly string[], reasons: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of cursor.entries()) {
    if (supported.includes(key) || key.startsWith('x-')) continue;
    value.warn(reasons[key] ?? 'is not supported by laptop-dev and is ignored');
  }
}
