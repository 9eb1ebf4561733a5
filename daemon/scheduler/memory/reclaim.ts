import type { NoticeData } from '../../api/notice.js';
import { type Bytes, MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import type { ServiceEntry, World } from '../state/world.js';

/** Share of MemTotal. */
type Share = number;

export interface ReclaimFigures {
  /** The host is short where MemAvailable is below this. */
  readonly below: Share;
  /** Under WSL2 instead: where the VM's file cache is above this; doctor's figure for a VM that keeps too much. */
  readonly cacheAbove: Share;
  /** Not more often than this. */
  readonly pause: Ms;
}

export interface ReclaimPolicy extends ReclaimFigures {
  /** When file cache is given back after a service has fallen asleep: never, where the host is short, or each time. */
  readonly mode: 'off' | 'short' | 'always';
  /** Under WSL2 the page cache of the whole VM too: the user has agreed to it, for all distributions share it. */
  readonly vm: boolean;
}

export const DEFAULT_RECLAIM: ReclaimPolicy = { mode: 'off', vm: false, below: 0.15, cacheAbove: 0.25, pause: 10 * 60_000 };

export interface ReclaimState {
  /** A service has fallen asleep since the last time. */
  readonly due: boolean;
  readonly running: boolean;
  /** When the last began; null: there was none. */
  readonly at: Ms | null;
  /** Why the last brought less than it was to; told once, not each time. */
  readonly why: string | null;
}

export const NO_RECLAIM: ReclaimState = { due: false, running: false, at: null, why: null };

/** Of the machine, as its kernel counts: MemFree, and Cached with Buffers. */
export interface MemoryShown {
  readonly free: Bytes;
  readonly cache: Bytes;
}

/** What giving back has brought. */
export interface ReclaimResult {
  /** A VM of WSL2, which returns free pages to Windows. */
  readonly windows: boolean;
  readonly before: MemoryShown;
  readonly after: MemoryShown;
  /** Why nothing, or not everything, could be given back; null: it could. */
  readonly why: string | null;
}

/** Less is not worth telling: other programs read files meanwhile. */
const WORTH_TELLING = MiB;

/** An idle stop is confirmed. */
export function reclaimLater(draft: Draft, policy: Policy): void {
  if (policy.reclaim.mode !== 'off') draft.host = { ...draft.host, reclaim: { ...draft.host.reclaim, due: true } };
}

/** When file cache may be given back, as far as time alone decides; null: something else stands in the way. */
export function reclaimDue({ host, services }: Pick<World, 'host' | 'services'>, { reclaim }: Policy): Ms | null {
  const { due, running, at } = host.reclaim;
  if (!due || running || (reclaim.mode !== 'always' && !isShort(host, reclaim)) || isAnyStarting({ services })) return null;
  return at === null ? 0 : at + reclaim.pause;
}

/**
 * MemAvailable counts file cache as available: under WSL2 a VM full of it looks roomy while Windows goes short, and Windows itself can be
 * asked only by a program of 0.7 s. So there what counts is how much cache the VM keeps from Windows. Pressure counts everywhere.
 */
function isShort({ pressure }: World['host'], policy: ReclaimPolicy): boolean {
  const { level, sample } = pressure;
  if (level !== 'none' || sample === null) return level !== 'none';
  if (sample.vmCache !== undefined) return sample.vmCache > policy.cacheAbove * sample.total;
  return sample.available < policy.below * sample.total;
}

/** Between its admission and ready. What is queued waits for room, and giving back helps it. */
export function isAnyStarting({ services }: Pick<World, 'services'>): boolean {
  for (const { state } of services.values()) if (state.kind === 'pending' || state.kind === 'starting') return true;
  return false;
}

/** Gives the step when its time has come; once nothing is left that could give anything, not even that. */
export function reclaimWhereDue(draft: Draft, policy: Policy, now: Ms): void {
  const due = reclaimDue(draft, policy);
  if (due === null || now < due) return;
  const containers: string[] = [];
  for (const { state, use, sessions } of draft.services.values())
    if (state.kind === 'running' && sessions.length === 0 && isQuiet(state.since, use, policy, now)) containers.push(state.container);
  const vm = policy.reclaim.vm && draft.host.pressure.sample?.vmCache !== undefined;
  const isUseful = containers.length > 0 || vm;
  const at = isUseful ? now : draft.host.reclaim.at;
  draft.host = { ...draft.host, reclaim: { ...draft.host.reclaim, due: false, running: isUseful, at } };
  if (isUseful) draft.steps.push({ kind: 'reclaim', containers, vm });
}

/** What is in use just now would read its files again at once. */
function isQuiet(since: Ms, use: ServiceEntry['use'], policy: Policy, now: Ms): boolean {
  const isHeld = use.holding || use.moving || use.execs > 0;
  return !isHeld && now - Math.max(use.lastAt, since) >= policy.relief.equalIdle;
}

/** The notice has the machine's figures: what a container no longer caches is not free for that alone. */
export function foldReclaimed(draft: Draft, { windows, before, after, why }: Extract<Event, { kind: 'reclaimed' }>): void {
  const known = draft.host.reclaim.why;
  draft.host = { ...draft.host, reclaim: { ...draft.host.reclaim, running: false, why } };
  const gave = before.cache - after.cache;
  const figures = { bytes: gave, freeBefore: before.free, freeAfter: after.free };
  if (gave >= WORTH_TELLING) tell(draft, { reason: 'cache', to: windows ? 'windows' : 'host', ...figures });
  if (why !== null && why !== known) tell(draft, { reason: 'incomplete', why });
}

function tell(draft: Draft, data: NoticeData['reclaimed']): void {
  for (const project of draft.projects.keys()) draft.projectNotice(project, { kind: 'reclaimed', data });
}
