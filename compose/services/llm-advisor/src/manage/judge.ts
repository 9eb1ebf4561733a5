import { contextsOf, type Need, needOf, neverFits } from '../admission.js';
import type { Engine } from '../engine/engine.js';
import { type Header, readHeader } from '../gguf/header.js';
import { ModelError } from '../model-error.js';

const MiB = 1024 * 1024;
/** No header of a real model is longer: its vocabulary takes most of it, 10 MB for a quarter of a million words. */
const LONGEST = 64 * MiB;

export interface Judge {
  readonly engine: () => Engine;
  /** The largest context that is wanted, tokens. */
  readonly context: number;
  /** The most memory that the service may ever have; 0: not known. */
  readonly maximum: number;
}

/** A model's header, and what it needs with the smallest context that is tried. */
export interface Verdict {
  readonly header: Header;
  readonly need: Need;
}

/** Throws ModelError: `malformed`, or `never-fits` with need and maximum. `bytes`: how large the file will be, where it is not complete yet. */
export async function judge(path: string, { engine, context, maximum }: Judge, bytes?: number): Promise<Verdict> {
  const header = await readHeader(path, bytes);
  const smallest = contextsOf(context, header.contextLength).at(-1) ?? context;
  const need = { context: smallest, bytes: needOf(await engine().estimate(path, smallest)), measured: false };
  if (maximum > 0 && need.bytes > maximum) throw neverFits(need, maximum);
  return { header, need };
}

/** Judges a file that grows, as soon as its header is complete. */
export class GrowingJudge {
  #verdict: Verdict | null = null;
  #next = MiB;

  constructor(
    private readonly path: string,
    private readonly bytes: number,
    private readonly by: Judge,
  ) {}

  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** There are so many bytes now. Throws as `judge` does. */
  async look(have: number): Promise<void> {
    if (this.#verdict || (have < this.#next && have < this.bytes)) return;
    this.#next = have * 4;
    try {
      this.#verdict = await judge(this.path, this.by, this.bytes);
    } catch (error) {
      const isCut = error instanceof ModelError && error.details['cut'] === true;
      if (!isCut || have >= this.bytes || have >= LONGEST) throw error;
    }
  }
}
