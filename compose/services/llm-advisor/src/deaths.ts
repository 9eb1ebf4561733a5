import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './model-error.js';
import { readState, writeState } from './state-file.js';

/** A load or an answer that native code has in hand. */
export interface Marker {
  readonly name: string;
  readonly fingerprint: string;
  /** Tokens. */
  readonly context: number;
}

interface Death {
  readonly engine: string;
  readonly context: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** Two deaths within this long, and the file is refused for as long after the second, ms. */
const WINDOW = 600_000;
/** A context that was not survived is not tried again for so long, ms. */
const REMEMBERED = 86_400_000;

/**
 * Native code that aborts, or is killed at the limit, takes the process with it. So what is about to be loaded or asked is written down first: a note that
 * is left over at the next start tells which file it was. One of another boot of the machine tells nothing: the machine has gone, not the process.
 */
export class Deaths {
  #known: Map<string, readonly Death[]> | null = null;
  /** Notes are made and taken away in the order in which that was asked for. */
  #last: Promise<void> = Promise.resolve();

  /** `folder`: empty: nothing is kept. */
  constructor(
    private readonly folder: string,
    private readonly engine: string,
    private readonly now: () => number = Date.now,
    private readonly boot = bootId(),
  ) {}

  /** Once, at the start of the process. Resolves to what the last one died of; null: it did not. */
  async recover(): Promise<Marker | null> {
    if (this.folder === '') return null;
    const left = markerOf(await readState(this.#marker), this.boot);
    if (left) {
      const known = await this.#load();
      const death = { engine: this.engine, context: left.context, at: this.now() };
      known.set(left.fingerprint, [...(known.get(left.fingerprint) ?? []), death]);
      await writeState(this.#deaths, Object.fromEntries(known));
    }
    await this.ended();
    return left;
  }

  /** The context, in tokens, that has to be fallen short of; null: any will do. Throws ModelError `crashed`. */
  async shorterThan(name: string, fingerprint: string): Promise<number | null> {
    const known = (await this.#load()).get(fingerprint) ?? [];
    const recent = known.filter(({ engine, at }) => engine === this.engine && this.now() - at < REMEMBERED);
    const [first, second] = recent.slice(-2);
    const left = second ? second.at + WINDOW - this.now() : 0;
    if (first && second && second.at - first.at < WINDOW && left > 0) throw crashed(name, recent.length, left);
    return recent.length === 0 ? null : Math.min(...recent.map(({ context }) => context));
  }

  begun(marker: Marker): Promise<void> {
    return this.#then(() => writeState(this.#marker, { ...marker, boot: this.boot }));
  }

  /** It is done, or has failed in a way that the process survived, or the process is told to end. */
  ended(): Promise<void> {
    return this.#then(() => rm(this.#marker, { force: true }).catch(() => undefined));
  }

  #then(next: () => Promise<void>): Promise<void> {
    if (this.folder !== '') this.#last = this.#last.then(next);
    return this.#last;
  }

  get #marker(): string {
    return join(this.folder, 'loading.json');
  }

  get #deaths(): string {
    return join(this.folder, 'deaths.json');
  }

  async #load(): Promise<Map<string, readonly Death[]>> {
    this.#known ??= new Map(this.folder === '' ? [] : deathsOf(await readState(this.#deaths), this.now() - REMEMBERED));
    return this.#known;
  }
}

function crashed(name: string, deaths: number, left: number): ModelError {
  const retryAfter = Math.ceil(left / 1_000);
  return new ModelError(
    'crashed',
    `The engine ended ${deaths} times while it loaded or used ${name}.gguf; it is not tried again for ${retryAfter} s.`,
    {
      model: name,
      deaths,
      retryAfter,
      remedies: ['Use another file or quantisation of the model.', `laptop-dev llm models rm ${name}`, 'laptop-dev why llm-advisor'],
    },
  );
}

function markerOf(value: unknown, boot: string): Marker | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, fingerprint, context, boot: then } = value as Readonly<Record<string, unknown>>;
  if (then !== boot) return null;
  if (typeof name !== 'string' || typeof fingerprint !== 'string' || typeof context !== 'number') return null;
  return { name, fingerprint, context };
}

function deathsOf(value: unknown, since: number): [string, readonly Death[]][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .map(([fingerprint, list]): [string, readonly Death[]] => [fingerprint, Array.isArray(list) ? list.filter(isDeath) : []])
    .map(([fingerprint, list]): [string, readonly Death[]] => [fingerprint, list.filter(({ at }) => at > since)])
    .filter(([, list]) => list.length > 0);
}

function isDeath(value: unknown): value is Death {
  if (typeof value !== 'object' || value === null) return false;
  const { engine, context, at } = value as Readonly<Record<string, unknown>>;
  return typeof engine === 'string' && typeof context === 'number' && typeof at === 'number';
}

/** Of the machine; empty where it is not told. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
