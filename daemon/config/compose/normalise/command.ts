import type { Cursor } from '../tree/cursor.js';
import { shellWords } from './command-line.js';

/** command or entrypoint: a list as it is, a text split into words. Null: the image's own. */
export function commandOf(cursor: Cursor | null): string[] | null {
  if (cursor === null) return null;
  if (cursor.isList) return cursor.texts();
  const text = cursor.text();
  if (text === null) return null;
  const split = shellWords(text);
  if (split === null) {
    cursor.error('a quotation mark, a bracket or a backslash is left open');
    return null;
  }
  if (split.stoppedAt !== null) {
    cursor.warn(`there is no shell here: everything from "${split.stoppedAt}" on is ignored, as in Compose; write ["sh", "-c", "…"]`);
  }
  return [...split.words];
}
