import { PostgresFrames, uint32 } from './postgres-frames.js';
import type { ProtocolTracker } from './tracker.js';

/** First messages have no type: length, then one of these codes (PostgreSQL's protocol.h and pqcomm.h). */
export const PG_SSL = 80877103;
export const PG_GSSENC = 80877104;
export const PG_CANCEL = 80877102;

const byte = (letter: string): number => letter.charCodeAt(0);
const QUERY = byte('Q');
const CALL = byte('F');
const SYNC = byte('S');
const TERMINATE = byte('X');
const PASSWORD = byte('p');
const COPY_DATA = byte('d');
const COPY_DONE = byte('c');
const COPY_FAIL = byte('f');
const READY = byte('Z');
const IDLE = byte('I');

type Phase = 'first' | 'asked-to-encrypt' | 'typed' | 'opaque';

/** Follows the state that ReadyForQuery tells: idle, in a transaction, in a failed one; and whether a query is running. */
export class PostgresTracker implements ProtocolTracker {
  readonly canMove = false;
  #phase: Phase = 'first';
  #head = Buffer.alloc(0);
  /** ReadyForQuery messages that are still to come. */
  #pending = 0;
  /** Extended-query messages were sent that no Sync has closed yet. */
  #isOpen = false;
  #status = IDLE;
  #copyBegan = 0;
  readonly #fromClient = new PostgresFrames(type => this.#onClient(type));
  readonly #fromServer = new PostgresFrames((type, first) => this.#onServer(type, first));

  get holding(): boolean {
    return this.#phase !== 'opaque' && (this.#pending > 0 || this.#isOpen || this.#status !== IDLE);
  }

  get isBlind(): boolean {
    return this.#phase === 'opaque';
  }

  client(chunk: Buffer): void {
    if (this.#phase === 'typed') this.#feedClient(chunk, 0);
    else if (this.#phase === 'first') this.#first(chunk);
    else this.#phase = 'opaque'; // went on without the answer: what follows is encrypted, or nonsense
  }

  server(chunk: Buffer): void {
    if (this.#phase === 'typed') {
      this.#fromServer.feed(chunk);
      if (this.#fromServer.isLost) this.#phase = 'opaque';
    } else if (this.#phase === 'asked-to-encrypt') this.#phase = chunk[0] === byte('N') ? 'first' : 'opaque';
    else if (this.#phase === 'first') this.#phase = 'opaque'; // a server that speaks first is not PostgreSQL
  }

  #first(chunk: Buffer): void {
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length < 8) {
      this.#pending = 1;
      return;
    }
    const [length, code] = [uint32(this.#head, 0), uint32(this.#head, 4)];
    if (length < 8 || length > 10_000 || code === PG_CANCEL) {
      this.#phase = 'opaque';
      return;
    }
    this.#pending = 1;
    if (this.#head.length < length) return;
    const rest = this.#head.subarray(length);
    this.#head = Buffer.alloc(0);
    const isQuestion = code === PG_SSL || code === PG_GSSENC;
    this.#phase = isQuestion ? (rest.length > 0 ? 'opaque' : 'asked-to-encrypt') : 'typed';
    if (this.#phase === 'typed' && rest.length > 0) this.#feedClient(rest, 0);
  }

  #feedClient(chunk: Buffer, from: number): void {
    this.#fromClient.feed(chunk, from);
    if (this.#fromClient.isLost) this.#phase = 'opaque';
  }

  #onClient(type: number): void {
    if (type === COPY_DATA || type === PASSWORD) return;
    if (type === TERMINATE) {
      this.#pending = 0;
      this.#isOpen = false;
      this.#status = IDLE;
    } else if (type === COPY_DONE || type === COPY_FAIL) {
      // A Sync that was sent before the data is ignored by the server; the one that follows the data counts instead.
      this.#pending = this.#copyBegan === SYNC ? 0 : 1;
      this.#isOpen = this.#copyBegan === SYNC;
    } else if (type === QUERY || type === CALL || type === SYNC) {
      this.#pending += 1;
      this.#isOpen = false;
      this.#copyBegan = type;
    } else this.#isOpen = true;
  }

  #onServer(type: number, first: number): void {
    if (type !== READY) return;
    this.#pending = Math.max(0, this.#pending - 1);
    this.#status = first;
  }
}
