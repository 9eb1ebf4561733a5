import { rmSync } from 'node:fs';
import { readKept } from '../../files/read-kept.js';
import { writeWhole } from '../../files/write-whole.js';
import type { EngineEvent } from '../../model/observed.js';
import type { Log } from '../../ports/ports.js';

/** What is done to the engine. */
export interface Pauser {
  /** False: it was paused already. Throws when it cannot be. */
  pause(id: string): Promise<boolean>;
  unpause(id: string): Promise<void>;
  isRunning(id: string): Promise<boolean>;
}

interface Hold {
  count: number;
  /** Resolves to whether it was us that paused it. */
  readonly paused: Promise<boolean>;
  readonly freed: Promise<void>;
  readonly free: () => void;
  ending: boolean;
}

/** Bytes of the file at most: some hundred ids. */
const MOST_KEPT = 64 * 1024;
/** Events of our own pauses come within this time, in ms, the longest that the engine may take for one; the clocks are the engine's and ours. */
const EVENT_WINDOW = 120_000;
/** A hold that cannot be ended is tried again after these times, in ms. */
const AGAIN = [100, 500, 2_000, 5_000];

/**
 * Containers that are paused for a moment while another one starts. To the rest of the daemon they run: their state and their events say so, and
 * what needs them running waits. `file` keeps their ids, so that a daemon that was killed meanwhile leaves none paused; null: nothing is kept.
 */
export class Holds {
  private readonly holds = new Map<string, Hold>();
  private readonly ended = new Map<string, number>();
  private expected: { readonly id: string; readonly kind: 'paused' | 'unpaused'; readonly at: number }[] = [];

  constructor(
    private readonly engine: Pauser,
    private readonly file: string | null,
    private readonly log: Log,
  ) {}

  /** Pauses it, unless it is. Resolves to what lets it go on. */
  async hold(id: string): Promise<() => Promise<void>> {
    for (let other = this.holds.get(id); other?.ending; other = this.holds.get(id)) await other.freed;
    const hold = this.holds.get(id) ?? this.begin(id);
    hold.count += 1;
    const end = () => this.end(id, hold);
    try {
      await hold.paused;
      return end;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** Resolves when it is not held. */
  async free(id: string): Promise<void> {
    for (let hold = this.holds.get(id); hold; hold = this.holds.get(id)) await hold.freed;
  }

  /** Whether it was paused by us at some time since `since` (performance.now()): what the engine said of it then is not for others. */
  async heldSince(id: string, since: number): Promise<boolean> {
    const hold = this.holds.get(id);
    if (hold && !hold.ending) return hold.paused.catch(() => false);
    return hold !== undefined || (this.ended.get(id) ?? 0) >= since;
  }

  /** Whether an event is of our own doing; each is so once. */
  isOwn({ id, kind, at }: EngineEvent): boolean {
    this.expected = this.expected.filter(each => Math.abs(Date.now() - each.at) < EVENT_WINDOW);
    const index = this.expected.findIndex(each => each.id === id && each.kind === kind && Math.abs(at - each.at) < EVENT_WINDOW);
    if (index >= 0) this.expected.splice(index, 1);
    return index >= 0;
  }

  /** Lets go on what a daemon that was killed has left paused. */
  async undoLeft(): Promise<void> {
    for (const id of this.kept()) {
      await this.engine
        .unpause(id)
        .catch(error => this.log.warn({ container: id, err: error }, 'a container that was paused may still be'));
    }
    this.keep();
  }

  private begin(id: string): Hold {
    let free: () => void = () => undefined;
    const freed = new Promise<void>(resolve => {
      free = resolve;
    });
    const hold: Hold = { count: 0, paused: Promise.resolve().then(() => this.pause(id)), freed, free, ending: false };
    this.holds.set(id, hold);
    this.keep();
    return hold;
  }

  private async pause(id: string): Promise<boolean> {
    this.expect(id, 'paused');
    try {
      if (await this.engine.pause(id)) return true;
      this.forget(id, 'paused');
      return false;
    } catch (error) {
      this.forget(id, 'paused');
      // It has ended: it writes nothing any more.
      if (!(await this.engine.isRunning(id).catch(() => true))) return false;
      throw error;
    }
  }

  private async end(id: string, hold: Hold): Promise<void> {
    hold.count -= 1;
    if (hold.count > 0) return;
    hold.ending = true;
    // Where pausing failed it is not known whether it did not.
    const ours = await hold.paused.catch(() => true);
    if (ours) await this.unpause(id);
    this.holds.delete(id);
    if (ours) this.ended.set(id, performance.now());
    this.keep();
    hold.free();
  }

  private async unpause(id: string): Promise<void> {
    for (const wait of [...AGAIN, null]) {
      this.expect(id, 'unpaused');
      try {
        return await this.engine.unpause(id);
      } catch (error) {
        this.forget(id, 'unpaused');
        this.log.warn({ container: id, err: error }, 'a container that was paused for a start could not be resumed');
        if (wait === null) return;
        await new Promise(resolve => setTimeout(resolve, wait));
      }
    }
  }

  private expect(id: string, kind: 'paused' | 'unpaused'): void {
    this.expected.push({ id, kind, at: Date.now() });
  }

  private forget(id: string, kind: 'paused' | 'unpaused'): void {
    const index = this.expected.findLastIndex(each => each.id === id && each.kind === kind);
    if (index >= 0) this.expected.splice(index, 1);
  }

  private kept(): string[] {
    if (this.file === null) return [];
    try {
      const value: unknown = JSON.parse(readKept(this.file, MOST_KEPT)?.toString('utf8') ?? '[]');
      return Array.isArray(value) ? value.filter(each => typeof each === 'string' && /^[0-9a-f]{12,64}$/.test(each)) : [];
    } catch {
      return [];
    }
  }

  private keep(): void {
    if (this.file === null) return;
    try {
      if (this.holds.size === 0) return rmSync(this.file, { force: true });
      // A power cut ends the containers as well.
      writeWhole(this.file, JSON.stringify([...this.holds.keys()]), { whose: 'ours', sync: false });
    } catch (error) {
      this.log.warn({ err: error }, 'which containers are paused for a start could not be written down');
    }
  }
}
