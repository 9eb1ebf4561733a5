const LF = 10;
const CR = 13;
const MINUS = 45;

/** What a type byte of RESP2 or RESP3 begins: a line, bytes of a given length, or a given number of values. */
const LINE = 1;
const BYTES = 2;
const VALUES = 3;
const PAIRS = 4;
/** Pairs that come before a value and do not count as one. */
const ATTRIBUTE = 5;
const KINDS = new Uint8Array(256);
for (const [kind, letters] of [
  [LINE, '+-:_,#('],
  [BYTES, '$=!'],
  [VALUES, '*~>'],
  [PAIRS, '%'],
  [ATTRIBUTE, '|'],
] as const) {
  for (const letter of letters) KINDS[letter.charCodeAt(0)] = kind;
}

/** Finds where the answers of a Redis server end. Any chunking; loses its way in garbage, and says so. */
export class RespReplies {
  readonly #done: () => void;
  /** Values that are still missing of the answer that has begun; 0: between two answers. */
  #missing = 0;
  /** Of the value that has begun; 0: none has. */
  #kind = 0;
  #number = 0;
  #isNegative = false;
  #skip = 0;
  isLost = false;

  constructor(done: () => void) {
    this.#done = done;
  }

  /** An answer has begun that is not complete. */
  get isInside(): boolean {
    return this.#missing > 0;
  }

  feed(chunk: Buffer): void {
    const size = chunk.length;
    let at = 0;
    while (at < size) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, size - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#valueDone();
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (this.#kind === 0) this.#begin(byte);
      else if (this.#kind === LINE) {
        const end = byte === LF ? at : chunk.indexOf(LF, at) + 1;
        if (end === 0) return;
        at = end;
        this.#valueDone();
      } else this.#digit(byte);
      if (this.isLost) return;
    }
  }

  #begin(byte: number): void {
    this.#kind = KINDS[byte] ?? 0;
    this.#number = 0;
    this.#isNegative = false;
    if (this.#kind === 0) this.isLost = true;
    else if (this.#missing === 0) this.#missing = 1;
  }

  #digit(byte: number): void {
    if (byte >= 48 && byte <= 57 && this.#number < 1e10) this.#number = this.#number * 10 + byte - 48;
    else if (byte === LF) this.#gotNumber();
    else if (byte === MINUS) this.#isNegative = true;
    else if (byte !== CR) this.isLost = true;
  }

  #gotNumber(): void {
    const kind = this.#kind;
    if (kind === BYTES && !this.#isNegative) {
      this.#skip = this.#number + 2;
      return;
    }
    if (!this.#isNegative && kind !== BYTES) this.#missing += kind === VALUES ? this.#number : this.#number * 2;
    if (kind === ATTRIBUTE) this.#kind = 0;
    else this.#valueDone();
  }

  #valueDone(): void {
    this.#kind = 0;
    this.#missing -= 1;
    if (this.#missing === 0) this.#done();
  }
}
