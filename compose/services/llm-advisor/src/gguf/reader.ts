import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../model-error.js';

const CHUNK = 64 * 1024;

/** Reads little-endian values of a file one after another, and never holds more than one of them. Throws ModelError at the end of the file. */
export class Reader {
  #buffer = Buffer.alloc(0);
  /** Of the buffer's first byte in the file, and of the next byte in the buffer. */
  #start = 0;
  #at = 0;

  constructor(private readonly file: FileHandle) {}

  get position(): number {
    return this.#start + this.#at;
  }

  async u8(): Promise<number> {
    return (await this.take(1)).readUInt8();
  }
  async u32(): Promise<number> {
    return (await this.take(4)).readUInt32LE();
  }
  async i32(): Promise<number> {
    return (await this.take(4)).readInt32LE();
  }
  async f32(): Promise<number> {
    return (await this.take(4)).readFloatLE();
  }
  /** Fails for what a number cannot hold exactly: no count or size of a real file is that large. */
  async u64(what: string): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ModelError('malformed', `${what} is ${value}, which no file can hold`);
    return Number(value);
  }

  /** Valid until the next read. */
  async take(length: number): Promise<Buffer> {
    if (this.#buffer.length - this.#at < length) await this.#fill(length);
    const taken = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /** Steps over bytes without reading them. */
  skip(length: number): void {
    const next = this.position + length;
    if (next <= this.#start + this.#buffer.length) {
      this.#at = next - this.#start;
      return;
    }
    this.#buffer = Buffer.alloc(0);
    this.#start = next;
    this.#at = 0;
  }

  async #fill(length: number): Promise<void> {
    const position = this.position;
    const buffer = Buffer.allocUnsafe(Math.max(CHUNK, length));
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.file.read(buffer, filled, buffer.length - filled, position + filled);
      if (bytesRead === 0)
        throw new ModelError('malformed', `the file ends after ${position + filled} bytes, in the middle of its header`, { cut: true });
      filled += bytesRead;
    }
    this.#buffer = buffer.subarray(0, filled);
    this.#start = position;
    this.#at = 0;
  }
}
