import type { Ms } from '../shared/span.js';
import type { ProtocolTracker } from './protocols/tracker.js';
import type { ByteStream, ByteStreamEvents } from './stream.js';

/** How long a side that was sent FIN may take to answer it before it is cut off. */
const LINGER: Ms = 2000;

/** What the owner of a splice is told. */
export interface SpliceEvents {
  /** So many bytes went by, from the client or to it; the tracker has seen them. 0: what was read before has been written at last. */
  passed(bytes: number, fromClient: boolean): void;
  /** Both directions have ended, or one side was cut off (passed on): nothing flows any more, both streams are closed. */
  over(): void;
}

/**
 * Carries bytes both ways between two byte streams. FIN is passed on in its direction only; a reset of one side resets the other; a side
 * that is not read fast enough stops the reading of the other. One direct call a chunk: this is the warm path.
 */
export class Splice {
  readonly #client: ByteStream;
  readonly #server: ByteStream;
  readonly #tracker: ProtocolTracker;
  readonly #events: SpliceEvents;
  /** What the client said before the splice, still to be written. */
  readonly #first: Buffer[];
  #clientHasEnded: boolean;
  #serverHasEnded = false;
  /** A side does not read as fast as the other sends: bytes are still on their way to it. */
  #clientLags = false;
  #serverLags = false;
  /** FINs that have been sent. */
  #closed = 0;
  #mode: 'open' | 'closing' | 'over' = 'open';

  constructor(
    client: ByteStream,
    openServer: (events: ByteStreamEvents) => ByteStream,
    first: { readonly chunks: Buffer[]; readonly hasEnded: boolean },
    tracker: ProtocolTracker,
    events: SpliceEvents,
  ) {
    this.#client = client;
    this.#tracker = tracker;
    this.#events = events;
    this.#first = first.chunks;
    this.#clientHasEnded = first.hasEnded;
    this.#server = openServer({
      chunk: chunk => this.#fromServer(chunk),
      end: () => this.#serverEnd(),
      gone: () => this.#cut(this.#client),
      drained: () => {
        this.#serverLags = false;
        this.#events.passed(0, true);
        this.#flush();
      },
    });
  }

  start(): void {
    this.#client.pause();
    this.#server.read();
    for (const chunk of this.#first) this.#tracker.client(chunk);
    this.#flush();
  }

  /** The client has sent FIN and its answer may still be coming, or bytes are still being written to one side. */
  get isHalfway(): boolean {
    return this.#clientHasEnded || this.#first.length > 0 || this.#clientLags || this.#serverLags;
  }

  // The client's stream tells the connection, which passes it on to these four.
  chunk(chunk: Buffer): void {
    if (this.#mode !== 'open') return;
    this.#tracker.client(chunk);
    if (!this.#server.write(chunk)) {
      this.#serverLags = true;
      this.#client.pause();
    }
    this.#events.passed(chunk.length, true);
  }

  end(): void {
    this.#clientHasEnded = true;
    if (this.#mode === 'open') this.#server.end(() => this.#halfClosed());
    else this.#bothEnded();
  }

  gone(): void {
    this.#cut(this.#server);
  }

  drained(): void {
    this.#clientLags = false;
    // What stood still moves again: for whoever judges by silence, it begins now, not when the last chunk was read.
    this.#events.passed(0, false);
    this.#server.read();
  }

  /** FIN to both sides; what they still say is dropped. Over when both have answered. */
  close(): void {
    this.#mode = 'closing';
    this.#client.end(() => undefined);
    this.#server.end(() => undefined);
    this.#client.read();
    this.#server.read();
    setTimeout(() => this.#finish(), LINGER).unref();
  }

  /** Ends the server's side alone; the client's stream is the owner's again. */
  part(): void {
    this.#mode = 'over';
    this.#server.end(() => undefined);
    setTimeout(() => this.#server.destroy(), LINGER).unref();
  }

  destroy(): void {
    if (this.#mode !== 'over') this.#finish();
  }

  #fromServer(chunk: Buffer): void {
    if (this.#mode !== 'open') return;
    this.#tracker.server(chunk);
    if (!this.#client.write(chunk)) {
      this.#clientLags = true;
      this.#server.pause();
    }
    this.#events.passed(chunk.length, false);
  }

  #serverEnd(): void {
    this.#serverHasEnded = true;
    if (this.#mode === 'open') this.#client.end(() => this.#halfClosed());
    else if (this.#mode === 'closing') this.#bothEnded();
    else this.#server.destroy();
  }

  #flush(): void {
    if (this.#mode !== 'open') return;
    for (let chunk = this.#first.shift(); chunk; chunk = this.#first.shift()) {
      if (!this.#server.write(chunk)) {
        this.#serverLags = true;
        return;
      }
    }
    if (this.#clientHasEnded) this.#server.end(() => this.#halfClosed());
    else this.#client.read();
  }

  #halfClosed(): void {
    this.#closed += 1;
    if (this.#closed === 2) this.#finish();
  }

  #bothEnded(): void {
    if (this.#clientHasEnded && this.#serverHasEnded) this.#finish();
  }

  #cut(other: ByteStream): void {
    if (this.#mode === 'over') return;
    other.reset();
    this.#finish();
  }

  #finish(): void {
    if (this.#mode === 'over') return;
    this.#mode = 'over';
    this.#client.destroy();
    this.#server.destroy();
    this.#events.over();
  }
}
