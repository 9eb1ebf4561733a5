import type { Cursor } from '../tree/cursor.js';

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

/** A command line split into words. */
interface ShellWords {
  readonly words: readonly string[];
  /** The shell operator at which Compose stops reading; null: it read all. */
  readonly stoppedAt: string | null;
}

/**
 * Splits a command line as Compose does (mattn/go-shellwords): quotes and backslashes as in a shell, backticks and `$(…)`
 * kept as they are, no variables, and an end at `;`, `&`, `|`, `<` or `>`, because there is no shell. Null: a quotation
 * mark, a bracket or a backslash is left open.
 */
function shellWords(text: string): ShellWords | null {
  return new Splitter().split(text);
}

class Splitter {
  readonly #words: string[] = [];
  #word: string | null = null;
  #single = false;
  #double = false;
  #backtick = false;
  #bracket = false;

  split(text: string): ShellWords | null {
    for (let index = 0; index < text.length; index++) {
      const char = text[index] ?? '';
      if (char === '\\' && !this.#single) {
        index++;
        if (index >= text.length) return null;
        this.#add(text[index] ?? '');
      } else if (/[ \t\r\n]/.test(char)) this.#space(char);
      else if (/[;&|<>]/.test(char) && !this.#quoted()) {
        // `2>` names a stream, not an argument.
        if (char === '>' && /^\d/.test(this.#word ?? '')) this.#word = null;
        return { words: this.#finished(), stoppedAt: char };
      } else if (!this.#character(char)) return null;
    }
    return this.#quoted() ? null : { words: this.#finished(), stoppedAt: null };
  }

  #quoted(): boolean {
    return this.#single || this.#double || this.#backtick || this.#bracket;
  }

  #add(char: string): void {
    this.#word = (this.#word ?? '') + char;
  }

  #space(char: string): void {
    if (this.#quoted()) this.#add(char);
    else this.#finished();
  }

  #finished(): readonly string[] {
    if (this.#word !== null) this.#words.push(this.#word);
    this.#word = null;
    return this.#words;
  }

  /** False: a bracket that nothing opened. */
  #character(char: string): boolean {
    if (char === '"' && !this.#single && !this.#bracket) {
      this.#double = !this.#double;
      this.#word ??= '';
      return true;
    }
    if (char === "'" && !this.#double && !this.#bracket) {
      this.#single = !this.#single;
      this.#word ??= '';
      return true;
    }
    if (char === '`' && !this.#single && !this.#double && !this.#bracket) this.#backtick = !this.#backtick;
    if (char === ')' && !this.#single && !this.#double && !this.#backtick) this.#bracket = !this.#bracket;
    if (char === '(' && !this.#single && !this.#double && !this.#backtick) {
      if (this.#bracket || !this.#word?.endsWith('$')) return false;
      this.#bracket = true;
    }
    this.#add(char);
    return true;
  }
}
