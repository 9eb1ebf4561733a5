import { type Body, HttpMessages } from './http-message.js';
import type { ProtocolTracker } from './tracker.js';

/** Follows HTTP/1.1: a request from its first byte until the end of its response is under way. After an upgrade only traffic counts. */
export class HttpTracker implements ProtocolTracker {
  #isOpaque = false;
  /** Methods of the requests that wait for their response, oldest first. */
  #waiting: string[] = [];
  #isInterim = false;
  #willClose = false;
  readonly #requests = new HttpMessages({ head: head => this.#onRequest(head), done: () => undefined });
  readonly #responses = new HttpMessages({ head: head => this.#onResponse(head), done: () => this.#onDone() });

  get holding(): boolean {
    return !this.#isOpaque && (this.#waiting.length > 0 || this.#requests.isInside || this.#responses.isInside);
  }

  get isBlind(): boolean {
    return this.#isOpaque;
  }

  get canMove(): boolean {
    return !this.#isOpaque && !this.#willClose && !this.holding;
  }

  client(chunk: Buffer): void {
    if (this.#isOpaque) return;
    this.#requests.feed(chunk);
    if (this.#requests.isLost) this.#isOpaque = true;
  }

  server(chunk: Buffer): void {
    if (this.#isOpaque) return;
    this.#responses.feed(chunk);
    if (this.#responses.isLost) this.#isOpaque = true;
  }

  #onRequest(head: string): Body {
    const line = /^([A-Z]+) \S+ HTTP\/1\.[01]\r?(?:\n|$)/.exec(head);
    if (!line) return 'opaque';
    this.#waiting.push(line[1] ?? '');
    return bodyOf(head) ?? 0;
  }

  #onResponse(head: string): Body {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
    const method = this.#waiting[0];
    if (status === 0 || status === 101 || (method === 'CONNECT' && status < 300)) return 'opaque';
    this.#isInterim = status < 200;
    if (this.#isInterim) return 0;
    this.#willClose ||= /^connection:.*\bclose\b/im.test(head) || (head.startsWith('HTTP/1.0') && !/^connection:.*keep-alive/im.test(head));
    if (method === 'HEAD' || status === 204 || status === 304) return 0;
    return bodyOf(head) ?? 'until-close';
  }

  #onDone(): void {
    if (!this.#isInterim) this.#waiting.shift();
  }
}

function bodyOf(head: string): Body | null {
  if (/^transfer-encoding:.*\bchunked\s*$/im.test(head)) return 'chunked';
  const length = /^content-length:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(head)?.[1];
  return length === undefined ? null : Number(length);
}
