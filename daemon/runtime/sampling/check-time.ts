import type { UsageSample } from '../../scheduler/state/world.js';
import type { Ms } from '../../shared/span.js';

type Spent = NonNullable<UsageSample['checks']>;

interface Known {
  /** Checks under way, with what stood at the beginning of the first. */
  readonly open: Set<string>;
  from: { readonly at: Ms; readonly cpu: number } | null;
  spent: Spent;
}

/** A check whose end was not told of is over by now, ms; engines end theirs after 30 s unless the file says otherwise. */
const LONGEST: Ms = 120_000;

/**
 * How long the engine's health checks have run in each container, and what its CPU did meanwhile: their work is in the container's own
 * figures, and is no use of the service.
 */
export class CheckTime {
  private readonly containers = new Map<string, Known>();

  /** `cpu`: ns of the whole container until now; null: it cannot be read, and nothing is left out. */
  started(container: string, exec: string, at: Ms, cpu: number | null): void {
    if (cpu === null) return;
    const known = this.containers.get(container) ?? { open: new Set(), from: null, spent: { cpu: 0, time: 0 } };
    this.containers.set(container, known);
    known.open.add(exec);
    known.from ??= { at, cpu };
  }

  ended(container: string, exec: string, at: Ms, cpu: number | null): void {
    const known = this.containers.get(container);
    if (!known?.open.delete(exec) || known.open.size > 0) return;
    if (cpu !== null) known.spent = this.spent(container, at, cpu) ?? known.spent;
    known.from = null;
  }

  /** Since the container was first checked, the check under way included; undefined: it has none. */
  spent(container: string, at: Ms, cpu: number): Spent | undefined {
    const known = this.containers.get(container);
    if (!known?.from || cpu < known.from.cpu || at - known.from.at > LONGEST) return known?.spent;
    return { cpu: known.spent.cpu + cpu - known.from.cpu, time: known.spent.time + at - known.from.at };
  }

  forget(container: string): void {
    this.containers.delete(container);
  }
}
