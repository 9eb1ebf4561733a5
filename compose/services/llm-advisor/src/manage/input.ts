/**
 * Bytes after which a receiver acknowledges what came, at the latest. The sender (daemon/cli/llm/manage.ts) lets twice as much be on its way: with more
 * here it would wait for ever.
 */
export const ACK = 128 * 1024;

/** Standard input as lines of JSON, with plain bytes between them. */
export class Input {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Some bytes, at most so many; null: the input has ended. */
  async take(most: number): Promise<Buffer | null> {
    if (this.#rest.length === 0) {
      const { value, done } = await this.#source.next();
      if (done) return null;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** An object on a line of its own; null: the input has ended, or it is something else. */
  async object(): Promise<Readonly<Record<string, unknown>> | null> {
    let line = Buffer.alloc(0);
    while (!line.includes(10) && line.length < 4096) {
      const more = await this.take(4096);
      if (!more) return null;
      line = Buffer.concat([line, more]);
    }
    const end = line.indexOf(10);
    if (end === -1) return null;
    this.#rest = Buffer.concat([line.subarray(end + 1), this.#rest]);
    try {
      const value: unknown = JSON.parse(line.toString('utf8', 0, end));
      return typeof value === 'object' && value !== null ? { ...value } : null;
    } catch {
      return null;
    }
  }
}
