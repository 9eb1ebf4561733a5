import type { Cursor } from './cursor.js';

/** Warns of each key that is not in `supported`: understood, but not done. What the schema refused is reported there. */
export function warnUnsupported(cursor: Cursor, supported: readonly string[], reasons: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of cursor.entries()) {
    if (supported.includes(key) || key.startsWith('x-')) continue;
    const reason = Object.hasOwn(reasons, key) ? reasons[key] : undefined;
    value.warn(reason ?? 'is not supported by laptop-dev and is ignored');
  }
}
