/**
 * Walks the messages of PostgreSQL's protocol: a type byte, a length that counts itself, then the rest, of which only the first
 * byte is kept. Any chunking.
 */
export class PostgresFrames {
  readonly #message: (type: number, first: number) => void;
  /** The five bytes of type and length, and the first of the body. */
  readonly #head = new Uint8Array(6);
  #filled = 0;
  #skip = 0;
  isLost = false;

  constructor(message: (type: number, first: number) => void) {
    this.#message = message;
  }

  feed(chunk: Buffer, from = 0): void {
    const end = chunk.length;
    let at = from;
    while (at < end && !this.isLost) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - at);
        this.#skip -= step;
        at += step;
      } else if (this.#filled === 0 && end - at >= 6) {
        at += this.#take(chunk[at] ?? 0, uint32(chunk, at + 1), chunk[at + 5] ?? 0, end - at);
      } else {
        at = this.#collect(chunk, at);
      }
    }
  }

  /** A message whose head lies in the chunk: returns how many of its bytes are there. */
  #take(type: number, length: number, first: number, available: number): number {
    if (length < 4 || type === 0) {
      this.isLost = true;
      return available;
    }
    const total = length + 1;
    this.#message(type, length === 4 ? 0 : first);
    this.#skip = Math.max(0, total - available);
    return Math.min(total, available);
  }

  #collect(chunk: Buffer, from: number): number {
    const head = this.#head;
    head[this.#filled] = chunk[from] ?? 0;
    this.#filled += 1;
    if (this.#filled < 5) return from + 1;
    const length = uint32(head, 1);
    if (length > 4 && this.#filled < 6) return from + 1;
    const size = this.#filled;
    this.#filled = 0;
    this.#take(head[0] ?? 0, length, head[5] ?? 0, size);
    return from + 1;
  }
}

export function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 0x1000000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}
