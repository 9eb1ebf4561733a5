import type { LiveUsage } from '../../api/live.js';
import type { ContainerDetail, ContainerSample } from '../../model/container-sample.js';
import type { Ms } from '../../shared/span.js';

/** What a service was last measured to use, and what the next rates are computed from. */
export interface Measured {
  readonly container: string;
  readonly usage: LiveUsage;
  readonly base: { readonly at: Ms; readonly sample: ContainerSample };
}

type Rates = Pick<LiveUsage, 'cpu' | 'netIn' | 'netOut' | 'blockIn' | 'blockOut'>;
type Counter = 'netIn' | 'netOut' | 'blockIn' | 'blockOut';

/** Two samples that are nearer to each other make no rate: a counter is renewed by the tick, and noise would be shown as work. */
const SHORTEST: Ms = 150;

const NO_RATES: Rates = { cpu: null, netIn: null, netOut: null, blockIn: null, blockOut: null };

/**
 * After one more sample. A rate is Δ counter / Δ time between this and the sample before; CPU in % of one core: Δ ns / (Δ ms × 10⁶) × 100. A
 * counter that went back belongs to another run: no rate. `now`: monotonic, where the sample does not say itself when it was taken.
 */
export function measuredNext(before: Measured | null, container: string, sample: ContainerSample, now: Ms): Measured {
  const at = sample.takenAt ?? now;
  const known = before?.container === container ? before : null;
  const elapsed = known === null ? null : at - known.base.at;
  // The same moment seen twice, as one that decides and one that looks may ask: the rates stand.
  const isRepeat = known !== null && elapsed !== null && elapsed >= 0 && elapsed < SHORTEST;
  const rates = isRepeat ? known.usage : known && elapsed !== null && elapsed > 0 ? ratesOf(known.base.sample, sample, elapsed) : NO_RATES;
  // One that has the detail which the base lacks is the better base.
  const isBase = isRepeat && (known.base.sample.detail !== null || sample.detail === null);
  return { container, base: isBase ? known.base : { at, sample }, usage: shown(sample, rates, known) };
}

function shown(sample: ContainerSample, { cpu, netIn, netOut, blockIn, blockOut }: Rates, known: Measured | null): LiveUsage {
  const { workingSet, usage, detail } = sample;
  // A sample for a decision alone has no detail; it is taken between those that have.
  const { pids, psi } = detail ?? known?.usage ?? { pids: null, psi: null };
  return { workingSet, usage, cpu, netIn, netOut, blockIn, blockOut, pids, psi };
}

function ratesOf(from: ContainerSample, to: ContainerSample, elapsed: Ms): Rates {
  const rate = (counter: Counter) => perSecond(from.detail, to.detail, counter, elapsed);
  const cpu = to.cpu < from.cpu ? null : Math.round(((to.cpu - from.cpu) / (elapsed * 1e6)) * 1_000) / 10;
  return { cpu, netIn: rate('netIn'), netOut: rate('netOut'), blockIn: rate('blockIn'), blockOut: rate('blockOut') };
}

function perSecond(from: ContainerDetail | null, to: ContainerDetail | null, counter: Counter, elapsed: Ms): number | null {
  const [before, after] = [from?.[counter] ?? null, to?.[counter] ?? null];
  return before === null || after === null || after < before ? null : Math.round(((after - before) / elapsed) * 1_000);
}
