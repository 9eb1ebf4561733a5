/** A `key = value` of the file. Offsets count letters of the text that was scanned. */
export interface ConfigEntry {
  /** section.key as written; without a section the bare key. */
  readonly name: string;
  /** As WSL understands it: quotes taken off, escapes carried out. */
  readonly value: string;
  /** From 1; of its first letter. */
  readonly line: number;
  /** The range of the value, without the blanks around it and the comment behind it; of an unsound entry all the rest of its line. */
  readonly start: number;
  readonly end: number;
  readonly lineStart: number;
  /** false: an escape or a quote is wrong, and WSL skips the line. */
  readonly sound: boolean;
}

/** A run of lines under one header. */
export interface ConfigBlock {
  /** As written. */
  readonly section: string;
  /** The offset for a further line: behind the line of its header or of its last sound entry. */
  readonly insertAt: number;
  /** Whether that line ends with a line break; at the end of the file it may not. */
  readonly ended: boolean;
}

export interface LineFault {
  readonly line: number;
  readonly kind: 'bad-line' | 'bad-section' | 'bad-escape' | 'open-quote' | 'after-end';
  readonly message: string;
}

export interface Lines {
  readonly entries: readonly ConfigEntry[];
  readonly blocks: readonly ConfigBlock[];
  readonly faults: readonly LineFault[];
  /** The end of the file as WSL reads it: at a Ctrl-Z, else at its end. */
  readonly end: number;
  /** The offset for a new section, and whether a line starts there. */
  readonly appendAt: number;
  readonly appendEnded: boolean;
}

const CTRL_Z = '\u001a';
/** The letter that stands for the end of the text. */
const END = '';
const LETTER = /[A-Za-z]/;
const WORD = /[A-Za-z0-9]/;

/**
 * Reads `.wslconfig` letter by letter as WSL does (configfile.cpp; its file is opened as text, so that CR LF counts as LF and Ctrl-Z as the
 * end). What stands nowhere in its documentation is followed too: a section name that is broken off still changes the section of the lines
 * below it, and a lone CR ends a value but not a comment.
 */
export function scan(text: string): Lines {
  return new Scanner(text).run();
}

class Scanner {
  readonly #text: string;
  readonly #end: number;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #section = '';
  #block: { section: string; insertAt: number; ended: boolean } | null = null;
  readonly #entries: ConfigEntry[] = [];
  readonly #blocks: ConfigBlock[] = [];
  readonly #faults: LineFault[] = [];
  /** Start of a last line that a line break would change; null: none. */
  #dangling: number | null = null;
  /** Whether a line starts here. */
  #fresh = true;

  constructor(text: string) {
    this.#text = text;
    const stop = text.indexOf(CTRL_Z);
    this.#end = stop < 0 ? text.length : stop;
  }

  run(): Lines {
    while (this.#at < this.#end) this.#readLine();
    const rest = this.#text.slice(this.#end).replaceAll(CTRL_Z, '').trim();
    if (rest !== '') this.#fault('after-end', 'WSL stops reading at the Ctrl-Z here');
    return {
      entries: this.#entries,
      blocks: this.#blocks,
      faults: this.#faults,
      end: this.#end,
      appendAt: this.#dangling ?? this.#end,
      appendEnded: this.#dangling !== null || this.#fresh,
    };
  }

  #next(): string {
    if (this.#at >= this.#end) return END;
    const letter = this.#text[this.#at] ?? END;
    const pair = letter === '\r' && this.#at + 1 < this.#end && this.#text[this.#at + 1] === '\n';
    this.#at += pair ? 2 : 1;
    return pair ? '\n' : letter;
  }

  #fault(kind: LineFault['kind'], message: string, line = this.#line): void {
    this.#faults.push({ line, kind, message });
  }

  #newLine(): void {
    this.#line++;
    this.#lineStart = this.#at;
    this.#fresh = true;
  }

  #readLine(): void {
    this.#lineStart = this.#at;
    this.#fresh = false;
    const letter = this.#skipBlanks(this.#next());
    if (letter === '\n') return this.#newLine();
    if (letter === END || letter === '\r') return;
    if (letter === '#') return this.#skipRest(letter);
    if (letter === '[') return this.#readSection();
    if (LETTER.test(letter)) return this.#readEntry(letter);
    const hint = letter === ';' ? 'only # starts a comment: WSL complains of this line' : 'WSL skips this line: a key starts with a letter';
    this.#fault('bad-line', hint);
    this.#skipRest(letter);
  }

  #skipBlanks(letter: string): string {
    let now = letter;
    while (now === ' ' || now === '\t') now = this.#next();
    return now;
  }

  /** To the end of the line, from the letter read last. A lone CR does not end it. */
  #skipRest(letter: string): void {
    let now = letter;
    while (now !== END && now !== '\n') now = this.#next();
    if (now === '\n') this.#newLine();
  }

  #readSection(): void {
    let letter = this.#next();
    if (!LETTER.test(letter)) {
      this.#fault('bad-section', 'WSL skips this line: a section is [ and its name at once, as [wsl2]');
      return this.#skipRest(letter);
    }
    const from = this.#at - 1;
    while (letter !== END && WORD.test(letter)) letter = this.#next();
    const name = this.#text.slice(from, from + (/^[A-Za-z0-9]+/.exec(this.#text.slice(from, this.#end))?.[0].length ?? 0));
    const closed = letter === ']';
    if (closed) letter = this.#skipBlanks(this.#next());
    if (!closed || ![END, '\n', '\r', '#'].includes(letter)) {
      this.#fault('bad-section', `WSL skips this line: nothing but a comment may stand behind [${name}]`);
      this.#breakSection(name);
      return this.#skipRest(letter);
    }
    this.#section = name;
    const ended = this.#endLine(letter);
    this.#block = { section: name, insertAt: this.#at, ended };
    this.#blocks.push(this.#block);
  }

  /** Reads the rest of a line after the letter read last; returns whether a line break came. */
  #endLine(letter: string): boolean {
    if (letter === '#') this.#skipRest(letter);
    else if (letter === '\n') this.#newLine();
    return letter === '\r' || this.#fresh;
  }

  /** The parser keeps the length of the old name and the letters of the new one: what follows is, as a rule, in no section at all. */
  #breakSection(name: string): void {
    const length = this.#section.length;
    const broken = name.slice(0, length).padEnd(length, '\0');
    if (broken.toLowerCase() !== this.#section.toLowerCase()) this.#block = null;
    this.#section = broken;
  }

  #readEntry(first: string): void {
    const [line, lineStart] = [this.#line, this.#lineStart];
    const from = this.#at - 1;
    let letter = first;
    while (letter !== END && WORD.test(letter)) letter = this.#next();
    const key = /^[A-Za-z0-9]+/.exec(this.#text.slice(from, this.#end))?.[0] ?? '';
    letter = this.#skipBlanks(letter);
    if (letter !== '=') {
      this.#fault('bad-line', `WSL skips this line: = expected after ${key}`);
      return this.#skipRest(letter);
    }
    // A NUL left by a broken section name ends the name, as C strings do.
    const name = (this.#section === '' ? key : `${this.#section}.${key}`).split('\0')[0] ?? '';
    const read = this.#readValue();
    const { ended, ...value } = read;
    this.#entries.push({ name, line, lineStart, sound: ended !== null, ...value });
    if (ended === null && !this.#fresh) this.#dangling = lineStart;
    if (ended !== null && this.#block) Object.assign(this.#block, { insertAt: this.#at, ended });
  }

  /** `ended`: whether a line break came behind it; null: it is unsound. */
  #readValue(): { value: string; start: number; end: number; ended: boolean | null } {
    let letter = this.#skipBlanks(this.#next());
    const start = letter === END ? this.#end : this.#at - (this.#breakBefore(this.#at) || 1);
    const firstLine = this.#line;
    let [value, trimmed, end, quoted] = ['', 0, start, false];
    const unsound = (kind: LineFault['kind'], message: string, last: string) => {
      this.#fault(kind, message, firstLine);
      this.#skipRest(last);
      return { value, start, end: Math.max(start, this.#at - this.#breakBefore(this.#at)), ended: null };
    };
    for (; letter !== END && letter !== '\n' && letter !== '\r'; letter = this.#next()) {
      if (letter === '#' && !quoted) break;
      if (letter === '"') quoted = !quoted;
      else if (letter === '\\') {
        const escaped = this.#next();
        const meaning = ESCAPES[escaped];
        if (meaning === undefined) return unsound('bad-escape', escapeFault(escaped), letter);
        if (escaped === '\n') this.#newLine();
        this.#fresh = false;
        value += meaning;
      } else value += letter;
      if (letter !== ' ' && letter !== '\t') [trimmed, end] = [value.length, this.#at];
    }
    if (quoted) return unsound('open-quote', 'WSL skips this line: a quote is not closed', letter);
    return { value: value.slice(0, trimmed), start, end, ended: this.#endLine(letter) };
  }

  /** Letters of the line break that ends at an offset: 2, 1 or 0. */
  #breakBefore(at: number): number {
    if (this.#text[at - 1] !== '\n') return 0;
    return this.#text[at - 2] === '\r' ? 2 : 1;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', b: '\b', n: '\n', t: '\t', '\n': '' };

function escapeFault(letter: string): string {
  const shown = letter === END || letter < ' ' ? 'a backslash at the end' : `\\${letter}`;
  return `WSL skips this line: ${shown} is no escape; in paths write each backslash twice, as C:\\\\temp`;
}
