import { type Choice, choose, contextsOf, type Need, needOf, wholeMiB } from './admission.js';
import type { Deaths, Marker } from './deaths.js';
import type { Engine } from './engine/engine.js';
import { readHeader } from './gguf/header.js';
import type { Room } from './host-options.js';
import { forgetPeak, limitNow, peak } from './memory.js';
import type { ModelFile } from './models.js';
import { fingerprintOf, type Peaks } from './peaks.js';
import type { Answer, Tier } from './tier.js';

export interface RoomOptions {
  readonly engine: Engine;
  readonly peaks: Peaks;
  readonly deaths: Deaths;
  readonly tier: Tier;
  /** The largest context that is wanted, tokens. */
  readonly context: number;
}

/** What is known of a model without loading it. */
export interface Judgement {
  readonly needs: readonly Need[];
  readonly choice: Choice;
  readonly limit: number;
  readonly maximum: number;
}

/** Judges models by their header, the library's estimate and what earlier loads took. */
export class MemoryRoom implements Room {
  #marker: Marker | null = null;

  constructor(private readonly options: RoomOptions) {}

  /**
   * Throws ModelError `malformed`, `not-found` or `crashed`. Contexts that are shorter than the one to load are judged only where `all` are asked for: an
   * estimate of one takes 0.1 s.
   */
  async judge({ name, path }: ModelFile, all = false): Promise<Judgement> {
    const { engine, peaks, deaths, tier, context } = this.options;
    const { contextLength } = await readHeader(path);
    const fingerprint = await fingerprintOf(path);
    const needs: Need[] = [];
    const limit = limitNow();
    const maximum = Math.max(limit, tier.maximum());
    for (const tokens of contextsOf(context, contextLength, await deaths.shorterThan(name, fingerprint))) {
      const measured = await peaks.of(fingerprint, tokens);
      const bytes = measured === null ? needOf(await engine.estimate(path, tokens)) : wholeMiB(measured);
      needs.push({ context: tokens, bytes, measured: measured !== null });
      if (bytes <= maximum && !all) break;
    }
    return { needs, choice: choose(needs, limit, maximum), limit, maximum };
  }

  async ask(bytes: number, signal: AbortSignal): Promise<{ limit: number; answer: Answer }> {
    const answer = await this.options.tier.ask(bytes, signal);
    return { limit: limitNow(), answer };
  }

  async begin({ name, path }: ModelFile, context: number): Promise<void> {
    this.#marker = { name, fingerprint: await fingerprintOf(path), context };
    await this.options.deaths.begun(this.#marker);
    await forgetPeak();
  }

  async loaded({ path }: ModelFile, context: number): Promise<void> {
    await this.options.deaths.ended();
    const bytes = peak();
    // The peak of the load; a margin for what generating adds.
    if (bytes !== null) await this.options.peaks.keep(await fingerprintOf(path), context, Math.ceil(bytes * 1.05));
  }

  failed(): Promise<void> {
    return this.options.deaths.ended();
  }

  async answering(): Promise<void> {
    if (this.#marker) await this.options.deaths.begun(this.#marker);
  }

  answered(): Promise<void> {
    return this.options.deaths.ended();
  }
}
