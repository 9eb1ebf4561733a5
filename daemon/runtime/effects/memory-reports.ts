import { innerPorts } from '../../model/listeners.js';
import type { Target } from '../../ports/listeners.js';
import type { MemoryRequests } from '../../ports/memory-requests.js';
import type { Log } from '../../ports/ports.js';
import type { Event } from '../../scheduler/state/event.js';
import { reportingServices } from '../../scheduler/state/memory-report.js';
import type { StepOf } from '../../scheduler/state/step.js';
import { targetOf } from '../../scheduler/state/wiring.js';
import { idOf, type ServiceEntry, type World } from '../../scheduler/state/world.js';

export interface MemoryRequestFollowerOptions {
  /** Loaded with the first service that speaks. */
  readonly open: () => Promise<MemoryRequests>;
  readonly world: () => World;
  readonly post: (event: Event) => void;
  readonly log: Log;
}

/** Follows what running services say of themselves, as long as they run, and answers them. */
export class MemoryRequestFollower {
  /** By container. */
  readonly #followed = new Map<string, AbortController>();
  #asks: Promise<MemoryRequests> | null = null;

  constructor(private readonly options: MemoryRequestFollowerOptions) {}

  update(world: World): void {
    const present = reportingServices(world);
    for (const [container, following] of this.#followed) {
      if (present.has(container)) continue;
      following.abort();
      this.#followed.delete(container);
    }
    for (const [container, entry] of present) if (!this.#followed.has(container)) this.#follow(container, entry);
  }

  async answer({ id, container, bytes, refusal }: StepOf<'answerMemoryRequest'>): Promise<void> {
    const entry = this.options.world().services.get(id);
    const target = entry ? targetFor(entry) : null;
    if (!target) return;
    try {
      await (await this.#opened()).answer(target, bytes, refusal);
    } catch (error) {
      // It goes on by itself after its own patience.
      this.options.log.warn({ id, container, err: error }, 'a service could not be told what became of the limit that it asked for');
    }
  }

  close(): void {
    for (const following of this.#followed.values()) following.abort();
    this.#followed.clear();
  }

  #follow(container: string, entry: ServiceEntry): void {
    const target = targetFor(entry);
    if (!target) return;
    const following = new AbortController();
    this.#followed.set(container, following);
    const id = idOf(entry.spec);
    const { post, log } = this.options;
    void this.#opened()
      .then(asks => asks.follow(target, report => post({ kind: 'memoryReported', id, container, report }), following.signal))
      .catch(error => log.error({ id, err: error }, 'a service is not followed any more, by a bug'));
  }

  #opened(): Promise<MemoryRequests> {
    this.#asks ??= this.options.open();
    return this.#asks;
  }
}

/** Its first port speaks. */
function targetFor(entry: ServiceEntry): Target | null {
  const [port] = innerPorts(entry.spec);
  return port === undefined ? null : targetOf(entry, port);
}
