import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

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

  /** Keeps the highest. A disk that cannot be written to costs the memory of it, nothing else. */
  async keep(fingerprint: string, context: number, bytes: number): Promise<void> {
    const known = await this.#load();
    const key = this.#key(fingerprint, context);
    if (bytes <= (known.get(key) ?? 0)) return;
    known.set(key, bytes);
    if (this.file === '') return;
    await mkdir(dirname(this.file), { recursive: true }).catch(() => undefined);
    const temporary = `${this.file}.new`;
    await writeFile(temporary, JSON.stringify(Object.fromEntries(known))).then(
      () => rename(temporary, this.file),
      () => undefined,
    );
  }

  #key(fingerprint: string, context: number): string {
    return `${fingerprint} ${context} ${this.engine}`;
  }

  async #load(): Promise<Map<string, number>> {
    this.#known ??= new Map(this.file === '' ? [] : await readEntries(this.file));
    return this.#known;
  }
}

async function readEntries(file: string): Promise<[string, number][]> {
  try {
    const read: unknown = JSON.parse(await readFile(file, 'utf8'));
    return Object.entries(read ?? {}).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && Number(entry[1]) > 0);
  } catch {
    return [];
  }
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
