const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** Heads longer than this are not followed. */
const LONGEST_HEAD = 64 * 1024;
const LF = 10;

/** What follows a head: so many bytes, chunks, everything until the close; or it is not HTTP/1 any more. */
export type Body = number | 'chunked' | 'until-close' | 'opaque';

export interface MessageEvents {
  /** `head` without its last empty line. */
  head(head: string): Body;
  /** The message is complete. */
  done(): void;
}

/** Finds where HTTP/1 messages of one direction begin and end. Any chunking. */
export class HttpMessages {
  readonly #events: MessageEvents;
  #mode: 'head' | 'fixed' | 'size' | 'data' | 'trailer' | 'until-close' = 'head';
  #kept: Buffer = Buffer.alloc(0);
  #left = 0;
  #line = '';
  isLost = false;

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  /** Bytes of a message have been seen, but not its end. */
  get isInside(): boolean {
    return this.#mode !== 'head' || this.#kept.length > 0;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.isLost && this.#mode !== 'until-close') {
      if (this.#mode === 'head') at = this.#head(chunk, at);
      else if (this.#mode === 'fixed' || this.#mode === 'data') at = this.#skip(chunk, at);
      else at = this.#lineOf(chunk, at);
    }
  }

  #head(chunk: Buffer, from: number): number {
    let start = from;
    // Empty lines before a request are allowed (RFC 9112, 2.2).
    while (this.#kept.length === 0 && start < chunk.length && (chunk[start] === 13 || chunk[start] === LF)) start += 1;
    if (start === chunk.length) return start;
    const known = this.#kept.length;
    const bytes = known === 0 ? chunk : Buffer.concat([this.#kept, chunk.subarray(start)]);
    const first = known === 0 ? start : 0;
    const end = bytes.indexOf(END_OF_HEAD, known === 0 ? start : Math.max(0, known - 3));
    if (end < 0) {
      this.#kept = Buffer.from(bytes.subarray(first));
      this.isLost = this.#kept.length > LONGEST_HEAD || !mayBegin(this.#kept);
      return chunk.length;
    }
    this.#kept = Buffer.alloc(0);
    this.#begin(this.#events.head(bytes.toString('latin1', first, end)));
    return (known === 0 ? 0 : start - known) + end + END_OF_HEAD.length;
  }

  #begin(body: Body): void {
    if (body === 'opaque') this.isLost = true;
    else if (body === 'until-close') this.#mode = 'until-close';
    else if (body === 'chunked') this.#mode = 'size';
    else if (body > 0) {
      this.#mode = 'fixed';
      this.#left = body;
    } else this.#finish();
  }

  #finish(): void {
    this.#mode = 'head';
    this.#events.done();
  }

  #skip(chunk: Buffer, from: number): number {
    const step = Math.min(this.#left, chunk.length - from);
    this.#left -= step;
    if (this.#left === 0) {
      if (this.#mode === 'fixed') this.#finish();
      else this.#mode = 'size';
    }
    return from + step;
  }

  /** A line of a chunked body: a chunk's size, or a trailer. */
  #lineOf(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from);
    this.#line += chunk.toString('latin1', from, end < 0 ? chunk.length : end);
    if (this.#line.length > LONGEST_HEAD) this.isLost = true;
    if (end < 0) return chunk.length;
    const line = this.#line.trim();
    this.#line = '';
    if (this.#mode === 'trailer') {
      if (line === '') this.#finish();
      return end + 1;
    }
    const size = /^[0-9a-f]{1,12}(?=$|[\s;])/i.exec(line)?.[0];
    if (size === undefined) this.isLost = true;
    else if (Number.parseInt(size, 16) === 0) this.#mode = 'trailer';
    else {
      this.#mode = 'data';
      this.#left = Number.parseInt(size, 16) + 2; // and its CR LF
    }
    return end + 1;
  }
}

/** A method or `HTTP/`: a capital letter. TLS and other protocols begin otherwise. */
function mayBegin(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return first >= 65 && first <= 90;
}
