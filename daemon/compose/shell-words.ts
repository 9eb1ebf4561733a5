/** A command line split into words. */
export interface ShellWords {
  readonly words: readonly string[];
  /** The shell operator at which Compose stops reading; null: it read all. */
  readonly stoppedAt: string | null;
}

/**
 * Splits a command line as Compose does (mattn/go-shellwords): quotes and backslashes as in a shell, no variables, and an
 * end at `;`, `&`, `|`, `<` or `>`, because there is no shell. Null: a quotation mark or a backslash is left open.
 */
export function shellWords(text: string): ShellWords | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === '\\' && quote !== "'") {
      index++;
      if (index >= text.length) return null;
      word = (word ?? '') + (text[index] ?? '');
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/[ \t\r\n]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (/[;&|<>]/.test(char)) {
      if (word !== null && !(char === '>' && /^\d/.test(word))) words.push(word);
      return { words, stoppedAt: char };
    } else word = (word ?? '') + char;
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return { words, stoppedAt: null };
}
