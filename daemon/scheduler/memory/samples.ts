import type { ServiceSample } from '../../model/container-sample.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { fallAsleep } from '../activity/idle.js';
import type { Use } from '../activity/use.js';
import { memoryHoldersOf } from '../eviction/holders.js';
import { shrinkBursts } from '../eviction/preemption.js';
import { evidenceOf, mayAct, nextPressure, pressureVictim } from '../eviction/pressure.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import type { Event, UsageSeen } from '../state/event.js';
import { isActive } from '../state/service-state.js';
import { grantedTotal, idOf, isWanted, type ServiceEntry, type UsageSample } from '../state/world.js';
import { ceilingOf, growthFor } from './growth.js';
import { learnMemory } from './learned.js';

/** How long samples are kept: the window of the recent peak (docs/design/memory.md, "Preemption"). */
const WINDOW: Ms = 60_000;
/** A refused shrink is not tried again for this long (docs/design/memory.md, "Preemption"). */
const SHRINK_PAUSE: Ms = 60_000;

/** New figures: CPU work is use, a grant that is nearly used up grows, and a host under pressure is relieved. */
export function foldSampled(draft: Draft, { services, host }: Omit<UsageSeen, 'uses'>, policy: Policy, now: Ms): void {
  for (const sample of services) keep(draft, sample, policy, now);
  const before = draft.host;
  const pressure = nextPressure(before.pressure, host, policy.pressure);
  const victim = before.victim === null ? undefined : draft.entry(before.victim);
  const isLeaving = victim !== undefined && isActive(victim.state) && !isWanted(victim);
  draft.host = { ...before, pressure, samplesSince: isLeaving ? 0 : before.samplesSince + 1 };
  if (pressure.level !== before.pressure.level) tellPressure(draft);
  for (const { id } of services) grow(draft, draft.entry(id), policy);
  relieveHost(draft, policy, now);
}

function keep(draft: Draft, { id, container, workingSet, cpu, checks }: ServiceSample, policy: Policy, now: Ms): void {
  const entry = draft.entry(id);
  if (entry?.state.kind !== 'running' || entry.state.container !== container) return;
  const samples = [...entry.samples.filter(({ at }) => now - at < WINDOW), { at: now, workingSet, cpu, checks }];
  const work = workOver(samples, policy, now);
  const use: Use = work?.isUse ? { ...entry.use, lastAt: now, by: { kind: 'cpu', cpu: work.cpu, over: work.time } } : entry.use;
  draft.keepSamples(id, entry, samples, use);
}

/** The least share of the window that has to be left beside health checks, for what is left to say anything. */
const LEFT = 0.2;

/**
 * What its CPU did over the window at least, ns, in so much time, ms: while the engine's health checks ran in it neither counts, so that one
 * that is checked and does nothing sleeps, and one that works is seen to in the time between. `isUse`: more than a little. Null: too early.
 */
export function workOver(
  samples: readonly UsageSample[],
  policy: Pick<Policy, 'busyAbove' | 'busyOver'>,
  now: Ms,
): { readonly cpu: number; readonly time: Ms; readonly isUse: boolean } | null {
  const last = samples.at(-1);
  const first = samples.findLast(({ at }) => now - at >= policy.busyOver);
  if (last === undefined || first === undefined || last.at <= first.at) return null;
  const window = last.at - first.at;
  const checked = { cpu: (last.checks?.cpu ?? 0) - (first.checks?.cpu ?? 0), time: (last.checks?.time ?? 0) - (first.checks?.time ?? 0) };
  const time = Math.max(window - checked.time, LEFT * window);
  const cpu = Math.max(0, last.cpu - first.cpu - checked.cpu);
  return { cpu, time, isUse: cpu > policy.busyAbove * time * 1e6 };
}

/** A service that comes near its limit gets more while the budget has room beyond what waiting services need. */
function grow(draft: Draft, entry: ServiceEntry | undefined, policy: Policy): void {
  if (entry?.state.kind !== 'running' || entry.state.resizing !== null || !mayGrow(draft)) return;
  const { grant, container } = entry.state;
  const maximum = ceilingOf(entry.spec.memory);
  const growing = { grant, maximum, workingSet: entry.samples.at(-1)?.workingSet ?? null };
  // What is free is summed up only for the few that are near their limit.
  if (growthFor(growing, Number.POSITIVE_INFINITY, policy.growth) === null) return;
  const to = growthFor(growing, roomFor(draft, policy), policy.growth);
  if (to !== null) resizeTo(draft, entry, container, to);
}

/** While the engine is away neither is it known what holds memory, nor can a limit be changed. */
export function mayGrow(draft: Draft): boolean {
  return draft.engine === 'up' && draft.host.pressure.level === 'none';
}

/** What is free when those that wait have had their standard. */
export function roomFor(draft: Draft, policy: Policy): Bytes {
  let waiting = 0;
  for (const { state, wakeRequest, spec } of draft.services.values())
    if (state.kind === 'queued' || wakeRequest !== null) waiting += spec.memory.standard;
  return policy.budget - grantedTotal(draft.services.values()) - waiting;
}

/** The grant is held from now on; the limit follows. */
export function resizeTo(draft: Draft, entry: ServiceEntry, container: string, to: Bytes): void {
  if (entry.state.kind !== 'running') return;
  const { grant } = entry.state;
  const id = idOf(entry.spec);
  draft.setState(id, { ...entry.state, grant: to, resizing: to });
  learnMemory(draft, entry, to);
  draft.steps.push({ kind: 'resize', id, container, from: grant, to, floor: to });
  draft.notice(entry.spec, { kind: 'resized', data: { reason: 'needs-more', from: grant, to } });
}

export function foldResized(draft: Draft, event: Extract<Event, { kind: 'resized' }>, now: Ms): void {
  const entry = draft.entry(event.id);
  if (entry?.state.kind !== 'running' || entry.state.container !== event.container) return;
  draft.patch(event.id, {
    state: { ...entry.state, grant: event.grant, resizing: null },
    ...(event.refused === null ? {} : { shrinkFrom: now + SHRINK_PAUSE }),
  });
  if (event.refused !== null)
    draft.notice(entry.spec, { kind: 'resized', data: { reason: 'not-applied', limit: event.grant, why: event.refused } });
}

function tellPressure(draft: Draft): void {
  const data = { evidence: evidenceOf(draft.host.pressure) };
  for (const project of draft.projects.keys()) draft.projectNotice(project, { kind: 'pressure', data });
}

/** soft: all bursts are shrunk, one idle service is stopped at a time. hard: one of all that are not protected. */
function relieveHost(draft: Draft, policy: Policy, now: Ms): void {
  const { pressure, victimAt, samplesSince } = draft.host;
  if (pressure.level === 'none') return;
  const holdings = memoryHoldersOf(draft, now);
  for (const { id, to } of shrinkBursts(Number.POSITIVE_INFINITY, holdings, policy.relief)) {
    const entry = draft.entry(id);
    if (entry?.state.kind !== 'running') continue;
    const { container, grant } = entry.state;
    draft.setState(id, { ...entry.state, resizing: to });
    draft.steps.push({ kind: 'resize', id, container, from: grant, to, floor: to });
  }
  if (!mayAct(pressure, victimAt, samplesSince, policy.pressure, now)) return;
  const id = pressureVictim(pressure.level, holdings, policy.relief, now);
  const entry = id === null ? undefined : draft.entry(id);
  if (id === null || !entry) return;
  fallAsleep(draft, id, entry, { reason: 'host-pressure', evidence: evidenceOf(pressure) });
  draft.host = { ...draft.host, victim: id, victimAt: now, samplesSince: 0 };
}
