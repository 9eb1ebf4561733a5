import type { WebSocket } from 'ws';
import { CLOSED_TOO_SLOW } from '../../api/contract.js';
import type { Live } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Ms } from '../../shared/span.js';
import type { StreamView } from './query.js';

/** Bytes. A client with more than this unsent gets no deltas: the next one covers all that it missed. */
const MERGE_ABOVE = 64 * 1024;
/** Bytes. Notices are never left out; a client with more than this unsent does not read, and is disconnected. */
const MOST_QUEUED = 1024 * 1024;
/** Policy violation (RFC 6455): the client sent a message. */
const TALKS = 1008;

/** One client of the stream: numbers its frames and bounds what is queued for it. */
export class Viewer {
  /** The last state sent. */
  base: Live | null = null;
  #seq = 0;
  #isLate = false;
  #most = MOST_QUEUED;
  readonly #silence: NodeJS.Timeout;

  /** `caughtUp`: called when a client that was too slow can take deltas again. `heartbeat`: longest silence. */
  constructor(
    private readonly socket: WebSocket,
    readonly query: StreamView,
    private readonly caughtUp: () => void,
    heartbeat: Ms,
  ) {
    this.#silence = setInterval(() => this.#beat(), heartbeat);
    socket.on('close', () => clearInterval(this.#silence));
    socket.on('error', () => socket.terminate());
    // Answers to pings would pile up for a client that does not read.
    socket.on('ping', data => this.isBehind || socket.pong(data));
    socket.on('message', () => socket.close(TALKS, 'The stream takes no messages.'));
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Whether too much is unsent for another delta; `caughtUp` is called when that is over. */
  get isBehind(): boolean {
    return this.socket.bufferedAmount > MERGE_ABOVE;
  }

  /** `recent`: JSON. */
  snapshot(live: Live, notices: readonly LoggedNotice[], recent: string): void {
    this.base = live;
    const body = `"every":${this.query.every},"live":${JSON.stringify(live)},"notices":${JSON.stringify(notices)},"recent":${recent}`;
    this.#send('snapshot', body);
    this.#most = MOST_QUEUED + this.socket.bufferedAmount;
  }

  /** `delta`: JSON of the change from the base to `live`; null: none. */
  sendDelta(live: Live, delta: string | null): void {
    this.base = live;
    if (delta !== null) this.#send('delta', `"live":${delta}`);
  }

  skip(): void {
    this.#isLate = true;
  }

  /** `notice`: JSON. False: it had too much unsent and was disconnected. */
  notify(notice: string): boolean {
    this.#send('notice', `"notice":${notice}`);
    if (this.socket.bufferedAmount <= this.#most) return true;
    this.socket.close(CLOSED_TOO_SLOW, 'Too slow: more than 1 MiB was unsent. Connect again for a snapshot.');
    return false;
  }

  #beat(): void {
    if (this.base !== null && !this.isBehind) this.#send('heartbeat', `"at":${Date.now()}`);
  }

  #send(type: string, body: string): void {
    if (!this.isOpen) return;
    this.#seq++;
    this.#silence.refresh();
    this.socket.send(`{"type":"${type}","seq":${this.#seq},${body}}`, () => {
      if (!this.#isLate || this.isBehind) return;
      this.#isLate = false;
      this.caughtUp();
    });
  }
}
