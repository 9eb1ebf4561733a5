import type { Protocol } from '../../model/spec.js';
import { spokenByClient, spokenByServer } from './first-bytes.js';
import { createTracker, type ProtocolTracker } from './tracker.js';

/**
 * Watches a connection of a port whose protocol is a guess: follows what the client speaks, whatever was guessed, and tells once what the two
 * were heard to speak. A server that speaks first is followed as bytes.
 */
export class RecognisingTracker implements ProtocolTracker {
  readonly #guess: Protocol;
  readonly #holdBlocked: boolean;
  readonly #heard: (protocol: Protocol) => void;
  #inner: ProtocolTracker = createTracker('tcp', false);
  #asked: Protocol | null = null;
  #stage: 'silent' | 'asked' | 'known' = 'silent';

  constructor(guess: Protocol, holdBlocked: boolean, heard: (protocol: Protocol) => void) {
    this.#guess = guess;
    this.#holdBlocked = holdBlocked;
    this.#heard = heard;
  }

  get holding(): boolean {
    return this.#inner.holding;
  }

  get isBlind(): boolean {
    return this.#inner.isBlind;
  }

  get canMove(): boolean {
    return this.#inner.canMove;
  }

  client(chunk: Buffer): void {
    if (this.#stage === 'silent') {
      this.#asked = spokenByClient(chunk);
      this.#inner = createTracker(this.#asked ?? this.#guess, this.#holdBlocked);
      this.#stage = 'asked';
    }
    this.#inner.client(chunk);
  }

  server(chunk: Buffer): void {
    if (this.#stage !== 'known') {
      const protocol = spokenByServer(chunk, this.#asked, this.#stage === 'asked');
      this.#stage = 'known';
      if (protocol !== null) this.#heard(protocol);
    }
    this.#inner.server(chunk);
  }
}
