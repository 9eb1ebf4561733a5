/** Longest word of a command that is looked at; longer ones are data. */
const WORD = 16;
/** Words kept of a command: enough to find BLOCK in an XREADGROUP. */
const WORDS = 10;
const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
/** Clears the bit that tells a small letter from a capital one. */
const UPPER = 0xdf;

export interface RespEvents {
  /** Its first words, in capitals, and how many there are. */
  command(words: readonly string[], count: number): void;
  /** A command that none of the names fits. */
  other(): void;
}

/** Takes commands out of what a Redis client sends: RESP arrays of bulk strings, or inline. Any chunking; loses its way in garbage, and says so. */
export class RespCommands {
  readonly #events: RespEvents;
  /** 1 at (length, first letter) of the names that are of interest: most commands are passed over without a string made of them. */
  readonly #ofInterest = new Uint8Array((WORD + 1) * 256);
  #mode: 'start' | 'count' | 'dollar' | 'length' | 'data' | 'inline' = 'start';
  #number = 0;
  #digits = 0;
  #left = 0;
  #count = 0;
  #skip = 0;
  #word = '';
  #words: string[] = [];
  isLost = false;

  constructor(names: readonly string[], events: RespEvents) {
    this.#events = events;
    for (const name of names) this.#ofInterest[name.length * 256 + name.charCodeAt(0)] = 1;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.isLost) {
      const next = this.#mode === 'start' && chunk[at] === STAR ? this.#passOver(chunk, at + 1) : 0;
      if (next > 0) at = next;
      else at = this.#mode === 'data' ? this.#data(chunk, at) : at + this.#step(chunk[at] ?? 0);
    }
  }

  /** Where the command ends, when all of it lies in the chunk and it is of no interest; else 0, and the slower way takes it. */
  #passOver(chunk: Buffer, from: number): number {
    const size = chunk.length;
    let at = from;
    let count = -1;
    for (let left = 1; left > 0; left -= 1) {
      let number = 0;
      let digit = (chunk[at] ?? 0) - 48;
      const first = at;
      while (digit >= 0 && digit <= 9 && at - first < 9 && at + 1 < size) {
        number = number * 10 + digit;
        at += 1;
        digit = (chunk[at] ?? 0) - 48;
      }
      if (at === first || at + 2 >= size || digit !== CR - 48) return 0;
      at += 2;
      if (count < 0) {
        if (number === 0) return 0;
        count = number;
        left = number + 1;
      } else {
        const isName = left === count;
        if (isName && number <= WORD && this.#ofInterest[number * 256 + ((chunk[at] ?? 0) & UPPER)] === 1) return 0;
        at += number + 2;
        if (at > size) return 0;
        if (left === 1) break;
      }
      if (at >= size || chunk[at] !== DOLLAR) return 0;
      at += 1;
    }
    this.#events.other();
    return at;
  }

  /** Whether a command has begun that is not complete. */
  get isInside(): boolean {
    return this.#mode !== 'start';
  }

  #step(byte: number): 1 {
    if (this.#mode === 'count' || this.#mode === 'length') this.#digit(byte);
    else if (this.#mode === 'inline') this.#inline(byte);
    else if (this.#mode === 'dollar') this.#expectLength(byte);
    else if (byte === STAR) this.#expect('count');
    else if (byte !== CR && byte !== LF) {
      this.#mode = 'inline';
      this.#word = '';
      this.#inline(byte);
    }
    return 1;
  }

  #expectLength(byte: number): void {
    if (byte === DOLLAR) this.#expect('length');
    else this.isLost = true;
  }

  #expect(mode: 'count' | 'length'): void {
    this.#mode = mode;
    this.#number = 0;
    this.#digits = 0;
  }

  #digit(byte: number): void {
    if (byte >= 48 && byte <= 57 && this.#digits < 10) {
      this.#number = this.#number * 10 + byte - 48;
      this.#digits += 1;
    } else if (byte === LF && this.#digits > 0) this.#gotNumber();
    else if (byte !== CR) this.isLost = true;
  }

  #gotNumber(): void {
    if (this.#mode === 'length') {
      this.#skip = this.#number + 2;
      this.#word = '';
      this.#mode = 'data';
    } else if (this.#number === 0) this.#mode = 'start';
    else {
      this.#left = this.#number;
      this.#count = this.#number;
      this.#words = [];
      this.#mode = 'dollar';
    }
  }

  #data(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#skip);
    if (this.#words.length < WORDS && this.#number <= WORD) {
      const text = Math.min(end, from + Math.max(0, this.#skip - 2));
      if (text > from) this.#word += chunk.toString('latin1', from, text);
    }
    this.#skip -= end - from;
    if (this.#skip > 0) return end;
    if (this.#words.length < WORDS) this.#words.push(this.#word.toUpperCase());
    this.#left -= 1;
    this.#mode = this.#left > 0 ? 'dollar' : 'start';
    if (this.#left === 0) this.#events.command(this.#words, this.#count);
    return end;
  }

  #inline(byte: number): void {
    if (byte !== LF) {
      if (this.#word.length < 1024) this.#word += String.fromCharCode(byte);
      return;
    }
    const words = this.#word.trim().toUpperCase().split(/\s+/);
    this.#word = '';
    this.#mode = 'start';
    if (words[0] !== '') this.#events.command(words.slice(0, WORDS), words.length);
  }
}
