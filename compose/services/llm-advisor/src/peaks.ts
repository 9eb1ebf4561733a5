import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { readState, writeState } from './state-file.js';

const EDGE = 1024 * 1024;

/** What loads were measured to take, by file, context and version of the engine. Kept in one file, where there is a place for it. */
export class Peaks {
  #known: Map<string, number> | null = null;

  /** `file`: empty: kept for this run only. */
  constructor(
    private readonly file: string,
    private readonly engine: string,
  ) {}

  async of(fingerprint: string, context: number): Promise<number | null> {
    return (await this.#load()).get(this.#key(fingerprint, context)) ?? null;
  }

  /** Keeps the highest. */
  async keep(fingerprint: string, context: number, bytes: number): Promise<void> {
    const known = await this.#load();
    const key = this.#key(fingerprint, context);
    if (bytes <= (known.get(key) ?? 0)) return;
    known.set(key, bytes);
    if (this.file !== '') await writeState(this.file, Object.fromEntries(known));
  }

  #key(fingerprint: string, context: number): string {
    return `${fingerprint} ${context} ${this.engine}`;
  }

  async #load(): Promise<Map<string, number>> {
    this.#known ??= new Map(this.file === '' ? [] : entriesOf(await readState(this.file)));
    return this.#known;
  }
}

function entriesOf(read: unknown): [string, number][] {
  return Object.entries(read ?? {}).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && Number(entry[1]) > 0);
}

/** Of a file, from its size and its first and last MiB: a model is too large to be read whole for this. */
export async function fingerprintOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256').update(String(size));
    for (const at of [0, Math.max(0, size - EDGE)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(EDGE, size)), 0, Math.min(EDGE, size), at);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest('hex').slice(0, 32);
  } finally {
    await file.close();
  }
}
