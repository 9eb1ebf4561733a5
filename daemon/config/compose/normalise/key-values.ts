import { Cursor } from '../tree/cursor.js';
import { keyValues } from '../tree/short-forms.js';

/** A map or a list of KEY=value, as text by key; a key without a value goes to `onNull`, which may find one. */
export function keyValuesOf(cursor: Cursor | null, onNull: (key: string, at: Cursor) => string | null): Record<string, string> {
  const found: Record<string, string> = {};
  if (cursor === null) return found;
  const map = new Cursor(keyValues(cursor.tree), cursor.path, cursor.report);
  for (const [key, value] of map.entries()) {
    if (key === '') {
      value.error('a value without a name', { expected: 'KEY=value' });
      continue;
    }
    const text = value.text() ?? onNull(key, value);
    // Not an assignment: `__proto__` is a name like any other.
    if (text !== null) Object.defineProperty(found, key, { value: text, enumerable: true, configurable: true, writable: true });
  }
  return found;
}

/** As `keyValuesOf`, where no value means an empty one: labels, options, kernel settings. */
export function textsByKey(cursor: Cursor | null): Record<string, string> {
  return keyValuesOf(cursor, () => '');
}

/** As `keyValuesOf`, where no value means the variable of that name, if there is one. */
export function valuesFromVariables(cursor: Cursor | null): Record<string, string> {
  return keyValuesOf(cursor, (key, at) => at.location.source.variables.get(key) ?? null);
}
