import type { Live, LiveDelta, LiveService } from '../../api/live.js';
import { deltaOf } from '../../api/live-delta.js';
import type { Ms } from '../../shared/span.js';
import { filtered, type StreamView } from './query.js';

/** Fields of a service that move all the time: they wait for the client's next turn. */
const FIGURES: ReadonlySet<string> = new Set([
  'id',
  'usage',
  'memory',
  'stopsIn',
  'why',
  'connections',
  'next',
] satisfies (keyof LiveService)[]);

/** Whether a delta has more than figures, so that nobody should have to wait for it: a state, a grant, the engine, pressure. */
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

/** One of the audience, as far as it is told of pictures. */
interface Listener {
  /** What it knows; null: nothing yet. */
  readonly base: Live | null;
  readonly isBehind: boolean;
  /** It was passed over. */
  skip(): void;
  /** `delta`: JSON of what leads to `live`; null: nothing. */
  tell(live: Live, delta: string | null): void;
}

interface Step {
  readonly isNews: boolean;
  /** JSON of the delta. */
  readonly text: () => string;
}

/** Clients that asked for the same at the same rate. What changed is found out and written once for all that have seen the same. */
export class SubscriberGroup<V extends Listener> {
  readonly viewers = new Set<V>();
  /** When figures may be told again; ms, monotonic. The first ones are told as soon as they are there. */
  #due: Ms = Number.NEGATIVE_INFINITY;
  /** Figures came before their turn, and wait for it. */
  #isLate = false;
  #seen: Live | null = null;
  #shown: Live | null = null;

  constructor(readonly query: StreamView) {}

  /** The part of a picture that it sees; the same object for the same picture. */
  partOf(live: Live): Live {
    if (this.#shown === null || this.#seen !== live) this.#shown = filtered(live, this.query);
    this.#seen = live;
    return this.#shown;
  }

  /**
   * Tells each what it has not seen, by numbered rules. Returns when somebody waits to be looked after again; Infinity: nobody does.
   * 1. Who has too much on the way is passed over; he is told all at once later.
   * 2. News is told at once.
   * 3. Figures are told when they are due.
   */
  tell(live: Live, now: Ms): Ms {
    const after = this.partOf(live);
    const steps = new Map<Live, Step | null>();
    let [told, waits] = [false, false];
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
      viewer.tell(after, step === null ? null : step.text());
      told ||= step !== null;
    }
    if (told && now >= this.#due) {
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
 * A tenth of leeway: figures that come at the same rate, now a ms early and now late, are told when they come. Over time it is `every`. Turns that
 * fall between the figures' come a tenth sooner each time, until they meet: else figures of the same rate would be told late for ever.
 */
function next(due: Ms, every: Ms, now: Ms): Ms {
  return Math.max(due + every, now + 0.9 * every);
}
