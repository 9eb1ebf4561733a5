import type { Live, LiveDelta, LiveService } from '../../api/live.js';
import { deltaOf } from '../../api/live-delta.js';
import type { Ms } from '../../shared/span.js';
import { filtered, type StreamView } from './query.js';

/** Fields of a service that change all the time: they wait for the client's next turn. */
const FIGURES: ReadonlySet<string> = new Set([
  'id',
  'usage',
  'memory',
  'stopsIn',
  'why',
  'connections',
  'next',
] satisfies (keyof LiveService)[]);

/** Whether a delta has more than figures, so that it must not wait: a state, a grant, the engine, pressure. */
export function isNews(before: Live, delta: LiveDelta): boolean {
  const { engine, projects, removed, host, budget, services = [] } = delta;
  if (engine !== undefined || projects !== undefined || removed !== undefined) return true;
  if (host !== undefined && host.pressure !== before.host.pressure) return true;
  if (budget !== undefined && (budget.budget !== before.budget.budget || budget.granted !== before.budget.granted)) return true;
  return services.some(change => {
    if (Object.keys(change).some(key => !FIGURES.has(key))) return true;
    if (change.memory === undefined) return false;
    return change.memory.grant !== before.services.find(({ id }) => id === change.id)?.memory.grant;
  });
}

/** A member of the group. */
interface Subscriber {
  /** The last state sent; null: none yet. */
  readonly base: Live | null;
  readonly isBehind: boolean;
  /** It was left out because it is behind. */
  skip(): void;
  /** `delta`: JSON of the change to `live`; null: none. */
  sendDelta(live: Live, delta: string | null): void;
}

interface Step {
  readonly isNews: boolean;
  /** JSON of the delta. */
  readonly text: () => string;
}

/** Clients with the same query. A change is computed and serialised once for all that have seen the same state. */
export class SubscriberGroup<V extends Subscriber> {
  readonly viewers = new Set<V>();
  /** When figures may be sent again; ms, monotonic. The first ones are sent at once. */
  #due: Ms = Number.NEGATIVE_INFINITY;
  /** Figures came before their turn, and wait for it. */
  #isLate = false;
  #seen: Live | null = null;
  #shown: Live | null = null;

  constructor(readonly query: StreamView) {}

  /** The part of a snapshot that this group sees; the same object for the same snapshot. */
  partOf(live: Live): Live {
    if (this.#shown === null || this.#seen !== live) this.#shown = filtered(live, this.query);
    this.#seen = live;
    return this.#shown;
  }

  /**
   * Sends each subscriber what it has not seen, by numbered rules. Returns the time at which a subscriber that waits is due; Infinity: none waits.
   * 1. A subscriber that is behind is skipped; it gets all changes in one delta later.
   * 2. News is sent at once.
   * 3. Figures are sent when they are due.
   */
  publish(live: Live, now: Ms): Ms {
    const after = this.partOf(live);
    const steps = new Map<Live, Step | null>();
    let [sent, waits] = [false, false];
    for (const viewer of this.viewers) {
      const { base } = viewer;
      if (base === null || base === after) continue;
      if (viewer.isBehind) {
        viewer.skip();
        continue;
      }
      const step = steps.get(base) ?? stepOf(base, after);
      steps.set(base, step);
      if (step !== null && !step.isNews && now < this.#due) {
        waits = true;
        continue;
      }
      viewer.sendDelta(after, step === null ? null : step.text());
      sent ||= step !== null;
    }
    if (sent && now >= this.#due) {
      this.#due = next(this.#isLate ? Number.NEGATIVE_INFINITY : this.#due, this.query.every, now);
      this.#isLate = false;
    }
    this.#isLate ||= waits;
    return waits ? this.#due : Number.POSITIVE_INFINITY;
  }
}

function stepOf(before: Live, after: Live): Step | null {
  const delta = deltaOf(before, after);
  if (delta === null) return null;
  let text: string | null = null;
  return { isNews: isNews(before, delta), text: () => (text ??= JSON.stringify(delta)) };
}

/**
 * A tenth of leeway: figures of the same rate that come a ms early or late are sent when they come; on average the interval is `every`. If turns fall
 * between the figures, each comes a tenth sooner until they coincide: otherwise figures of the same rate would always be sent late.
 */
function next(due: Ms, every: Ms, now: Ms): Ms {
  return Math.max(due + every, now + 0.9 * every);
}
