import type { PressureEvidence, PressureSignal } from '../../api/notice.js';
import { pressureText } from '../../api/notice-text.js';
import type { HostSample } from '../../model/host-sample.js';
import type { ServiceId } from '../../model/spec.js';
import { type Bytes, formatBytes, MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { byRank, isIdle, isYoung, type MemoryHolder, type PreemptionPolicy } from './preemption.js';

/** soft: no service is admitted, bursts are shrunk, idle services stopped. hard: services in use are stopped too. */
export type PressureLevel = 'none' | 'soft' | 'hard';
type Counter = 'swapIn' | 'refaults';

/** A counter that has grown with each sample since `since`. */
interface Run {
  readonly since: Ms;
  readonly count: number;
}

export interface PressureState {
  readonly level: PressureLevel;
  /** When this level began. */
  readonly since: Ms;
  /** The last one. */
  readonly sample: HostSample | null;
  /** Since when each signal has been there in each sample; null: it was not in the last. */
  readonly signals: Readonly<Record<PressureSignal, Ms | null>>;
  readonly runs: Readonly<Record<Counter, Run | null>>;
  /** When the kernel was last seen to look for memory for the whole host. Null: not yet. */
  readonly reclaimedAt: Ms | null;
  /** Since when there has been no signal, and memory to spare. */
  readonly clearSince: Ms | null;
  /** PSI full went down when it last changed. */
  readonly falling: boolean;
}

const NO_SIGNALS = { hardAvailable: null, hardFull: null, softAvailable: null, softSome: null, swapIn: null, refaults: null };

/**
 * How long stalls, swapped pages and refaults count after the kernel last looked for memory for the whole host: as long as PSI's average
 * reaches back. They count what happens to a container at its own limit too, and that takes nothing from the host.
 */
const STALLS_REACH: Ms = 10_000;

export const NO_PRESSURE: PressureState = {
  level: 'none',
  since: 0,
  sample: null,
  signals: NO_SIGNALS,
  runs: { swapIn: null, refaults: null },
  reclaimedAt: null,
  clearSince: null,
  falling: false,
};

/** The figures of docs/memory.md, "When the machine is short of memory". */
export interface PressurePolicy {
  /** Shares of MemTotal below which MemAvailable is a signal, and for how long. */
  readonly softAvailable: number;
  readonly softAvailableFor: Ms;
  readonly hardAvailable: number;
  readonly hardAvailableFor: Ms;
  /** PSI some (soft) and full (hard), avg10 in percent. */
  readonly softSome: number;
  readonly softSomeFor: Ms;
  readonly hardFull: number;
  readonly hardFullFor: Ms;
  /** Without PSI: a counter that grows by at least `risingPages` in this many samples one after another. */
  readonly risingSamples: number;
  readonly risingPages: number;
  /** The same in time, where samples come faster than at 1 Hz. */
  readonly risingFor: Ms;
  /** Pressure ends when MemAvailable is this far above the soft limit and no signal is there, for so long. */
  readonly leaveMargin: Bytes;
  readonly leaveAfter: Ms;
  /** Between two samples; after a longer one (a suspended laptop) all windows start anew. */
  readonly longestGap: Ms;
  /** Between two victims under soft pressure. */
  readonly victimPause: Ms;
  /** Samples after an exit until PSI can show it: the kernel renews its averages every 2 s (docs/design/memory.md, "Pressure"). */
  readonly psiSettles: number;
  /** What must be available on the host beyond the standard of a service that starts. */
  readonly startMargin: Bytes;
}

export const DEFAULT_PRESSURE: PressurePolicy = {
  softAvailable: 0.08,
  softAvailableFor: 10_000,
  hardAvailable: 0.04,
  hardAvailableFor: 2_000,
  softSome: 10,
  softSomeFor: 10_000,
  hardFull: 20,
  hardFullFor: 5_000,
  risingSamples: 5,
  risingPages: 1,
  risingFor: 4_000,
  leaveMargin: 512 * MiB,
  leaveAfter: 60_000,
  longestGap: 10_000,
  victimPause: 15_000,
  psiSettles: 3,
  startMargin: 512 * MiB,
};

/**
 * The state after one more sample. hard gives way to soft as soon as no hard signal is there, so that nobody is stopped for
 * pressure that is over; soft ends only after `leaveAfter` without any. A gap restarts all windows and keeps the level where
 * the sample after it still shows the signal: a stalled host cannot sample either.
 */
export function nextPressure(state: PressureState, sample: HostSample, policy: PressurePolicy): PressureState {
  const elapsed = state.sample === null ? 0 : sample.at - state.sample.at;
  const { sample: last, ...known } = elapsed < 0 || elapsed > policy.longestGap ? NO_PRESSURE : state;
  const runs = {
    swapIn: runOf(known.runs.swapIn, last, sample, 'swapIn', policy),
    refaults: runOf(known.runs.refaults, last, sample, 'refaults', policy),
  };
  const reclaimedAt = hasReclaimed(state.sample, sample) ? sample.at : known.reclaimedAt;
  const isOfHost = reclaimedAt !== null && sample.at - reclaimedAt <= STALLS_REACH;
  const signals = signalsOf(known.signals, isOfHost ? runs : NO_PRESSURE.runs, isOfHost ? sample : withoutStalls(sample), policy);
  const roomy = sample.available > policy.softAvailable * sample.total + policy.leaveMargin;
  const isClear = roomy && Object.values(signals).every(since => since === null);
  const clearSince = isClear ? (known.clearSince ?? sample.at) : null;
  const level = levelOf(state.level, signals, clearSince, sample.at, policy);
  const before = last?.psi?.full10 ?? 0;
  const full = sample.psi?.full10 ?? 0;
  return {
    level,
    since: level === state.level ? state.since : sample.at,
    sample,
    signals,
    runs,
    reclaimedAt,
    clearSince,
    falling: full === before ? known.falling : full < before,
  };
}

function withoutStalls(sample: HostSample): HostSample {
  return { ...sample, psi: sample.psi && { some10: 0, full10: 0 } };
}

/** Whether the kernel has looked for memory for the whole host between two samples; true where it does not count that. */
function hasReclaimed(last: HostSample | null, { reclaims = null }: HostSample): boolean {
  return reclaims === null || (last !== null && reclaims > (last.reclaims ?? 0));
}

function runOf(run: Run | null, last: HostSample | null, sample: HostSample, counter: Counter, policy: PressurePolicy): Run | null {
  const [before, value] = [last?.[counter] ?? null, sample[counter]];
  if (!last || before === null || value === null || value - before < policy.risingPages) return null;
  return { since: run?.since ?? last.at, count: (run?.count ?? 0) + 1 };
}

function signalsOf(
  before: PressureState['signals'],
  runs: PressureState['runs'],
  { at, total, available, psi }: HostSample,
  policy: PressurePolicy,
): PressureState['signals'] {
  const since = (signal: PressureSignal, isThere: boolean) => (isThere ? (before[signal] ?? at) : null);
  /** PSI says it better: the counters grow on a healthy host too. */
  const rising = (run: Run | null) =>
    psi === null && run !== null && run.count >= policy.risingSamples && at - run.since >= policy.risingFor ? run.since : null;
  return {
    hardAvailable: since('hardAvailable', available < policy.hardAvailable * total),
    hardFull: since('hardFull', psi !== null && psi.full10 > policy.hardFull),
    softAvailable: since('softAvailable', available < policy.softAvailable * total),
    softSome: since('softSome', psi !== null && psi.some10 > policy.softSome),
    swapIn: rising(runs.swapIn),
    refaults: rising(runs.refaults),
  };
}

function levelOf(
  level: PressureLevel,
  signals: PressureState['signals'],
  clearSince: Ms | null,
  now: Ms,
  policy: PressurePolicy,
): PressureLevel {
  const lasts = (since: Ms | null, window: Ms) => since !== null && now - since >= window;
  const isHard = lasts(signals.hardAvailable, policy.hardAvailableFor) || lasts(signals.hardFull, policy.hardFullFor);
  if (isHard || (level === 'hard' && (signals.hardAvailable ?? signals.hardFull) !== null)) return 'hard';
  const isSoft = lasts(signals.softAvailable, policy.softAvailableFor) || lasts(signals.softSome, policy.softSomeFor);
  if (isSoft || level === 'hard' || (signals.swapIn ?? signals.refaults) !== null) return 'soft';
  return level === 'soft' && !lasts(clearSince, policy.leaveAfter) ? 'soft' : 'none';
}

/**
 * Whether a service may be stopped for the host now.
 *   soft: one in 15 s
 *   hard: one, and the next after a sample that was taken when it had exited. PSI lags: an average over 10 s that falls, or that
 *         cannot show the exit yet, does not count until 15 s have passed (docs/design/memory.md, "Pressure")
 * `samplesSinceVictim`: samples since the exit of the last victim; 0 while it is being stopped. `lastVictimAt`: when its stop
 * began; null: there was none.
 */
export function mayAct(
  state: PressureState,
  lastVictimAt: Ms | null,
  samplesSinceVictim: number,
  policy: PressurePolicy,
  now: Ms,
): boolean {
  if (state.level === 'none') return false;
  if (lastVictimAt === null) return true;
  if (samplesSinceVictim < 1) return false;
  if (now - lastVictimAt >= policy.victimPause) return true;
  const isPsiSettled = !state.falling && samplesSinceVictim >= policy.psiSettles;
  return state.level === 'hard' && (state.signals.hardAvailable !== null || isPsiSettled);
}

/** The service that is stopped next for the host, by rank; null when there is none. */
export function pressureVictim(
  level: PressureLevel,
  holdings: readonly MemoryHolder[],
  policy: PreemptionPolicy,
  now: Ms,
): ServiceId | null {
  return pressureOrder(level, holdings, policy, now)[0]?.id ?? null;
}

/** The services that may be stopped for the host, the first to be stopped first. soft: of the idle. hard: of all that are not protected, however short they have been up. */
export function pressureOrder(
  level: PressureLevel,
  holdings: readonly MemoryHolder[],
  policy: PreemptionPolicy,
  now: Ms,
): readonly MemoryHolder[] {
  if (level === 'none') return [];
  const candidates = holdings.filter(
    holding => holding.protectedBy === null && (level === 'hard' || (isIdle(holding, now) && !isYoung(holding, policy, now))),
  );
  return candidates.sort(byRank(now));
}

/** Whether a service may start at this level. */
export function admitsNow(level: PressureLevel): boolean {
  return level === 'none';
}

/** What the level rests on. */
export function evidenceOf({ level, signals, sample, clearSince }: PressureState): PressureEvidence {
  if (sample === null) return null;
  const { at, total, available, psi } = sample;
  const signal = (Object.keys(NO_SIGNALS) as PressureSignal[]).find(each => signals[each] !== null) ?? null;
  const since = signal === null ? clearSince : signals[signal];
  return { level, available, total, psi, signal, lasts: since === null ? null : at - since };
}

/** The same for people, within a sentence. */
export function describe(pressure: PressureState): string {
  return pressureText(evidenceOf(pressure));
}

/** Why the host has no memory for a service of this standard, whatever the budget says (docs/design/memory.md, "Budget and admission"); null: it has. */
export function explainAdmission(sample: HostSample, standard: Bytes, policy: PressurePolicy): string | null {
  const needed = standard + policy.startMargin;
  if (sample.available >= needed) return null;
  return `the host has ${formatBytes(sample.available)} of ${formatBytes(sample.total)} available, and ${formatBytes(needed)} are needed: ${formatBytes(standard)} for it and ${formatBytes(policy.startMargin)} to spare`;
}
