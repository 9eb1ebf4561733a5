import type { ServerResponse } from 'node:http';

/** A stream of server-sent events, as OpenAI's clients read it. Comments keep connections open and are ignored by them. */
export class EventStream {
  #isOpen = false;

  constructor(private readonly response: ServerResponse) {}

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    this.response.flushHeaders();
  }

  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  send(value: object): void {
    this.#write(`data: ${JSON.stringify(value)}\n\n`);
  }

  /** A failure after the 200 comes in the stream. `last`: what ends it for the client. */
  end(last = 'data: [DONE]\n\n'): void {
    if (this.#isOpen && !this.response.destroyed) this.response.end(last);
  }

  #write(text: string): void {
    this.open();
    if (!this.response.destroyed) this.response.write(text);
  }
}
