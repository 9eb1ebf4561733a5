import type { WebSocket } from 'ws';
import { CLOSED_TOO_SLOW } from '../../api/contract.js';
import type { Live } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Ms } from '../../shared/span.js';
import type { StreamView } from './query.js';

/** Bytes. With more than this on the way, a client gets no deltas: the next one covers all that it missed. */
const MERGE_ABOVE = 64 * 1024;
/** Bytes. Notices are not left out; a client with more than this on the way does not read, and is let go. */
const MOST_QUEUED = 1024 * 1024;
/** Policy violation (RFC 6455): a client that talks. */
const TALKS = 1008;

/** One client of the stream: numbers its frames and watches over what waits for it. */
export class Viewer {
  /** What it has been told so far. */
  base: Live | null = null;
  #seq = 0;
  #isLate = false;
  #most = MOST_QUEUED;
  readonly #silence: NodeJS.Timeout;

  /** `caughtUp`: it was too slow for a delta and could take one again. `heartbeat`: longest silence. */
  constructor(
    private readonly socket: WebSocket,
    readonly query: StreamView,
    private readonly caughtUp: () => void,
    heartbeat: Ms,
  ) {
    this.#silence = setInterval(() => this.#beat(), heartbeat);
    socket.on('close', () => clearInterval(this.#silence));
    socket.on('error', () => socket.terminate());
    // Answers to pings that nobody reads would pile up.
    socket.on('ping', data => this.isBehind || socket.pong(data));
    socket.on('message', () => socket.close(TALKS, 'The stream takes no messages.'));
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Whether a delta would have to wait behind too much; it is told by `caughtUp` when that is over. */
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

  /** `delta`: JSON of what leads from the base to `live`; null: nothing. */
  tell(live: Live, delta: string | null): void {
    this.base = live;
    if (delta !== null) this.#send('delta', `"live":${delta}`);
  }

  skip(): void {
    this.#isLate = true;
  }

  /** `notice`: JSON. False: it had too much on the way and was let go. */
  notify(notice: string): boolean {
    this.#send('notice', `"notice":${notice}`);
    if (this.socket.bufferedAmount <= this.#most) return true;
    this.socket.close(CLOSED_TOO_SLOW, 'Too slow: more than 1 MiB was on the way. Connect again for a snapshot.');
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
