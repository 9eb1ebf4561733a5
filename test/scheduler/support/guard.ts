import type { Notice } from '../../../daemon/api/notice.js';
import type { HostSample } from '../../../daemon/model/host-sample.js';
import type { ServiceId } from '../../../daemon/model/spec.js';
import { serviceId } from '../../../daemon/model/spec.js';
import type { Decision } from '../../../daemon/scheduler/decide.js';
import type { Event } from '../../../daemon/scheduler/state/event.js';
import type { ServiceEntry, World } from '../../../daemon/scheduler/state/world.js';
import type { Ms } from '../../../daemon/shared/span.js';
import type { House } from './house.js';

interface Seen {
  readonly pair: string;
  readonly at: Ms;
}

/**
 * Holds decisions against the rules of duels, leases and the host's pressure, from what is told of them and from what it was told itself:
 * not from what the core notes for its own use.
 */
export class Guard {
  readonly counts = { duels: 0, kept: 0, leased: 0, soft: 0, hard: 0, victims: 0, byPsi: 0 };
  private evictions: Seen[] = [];
  private lastVictimAt: Ms = Number.NEGATIVE_INFINITY;
  /** Since when each hard sign has been in all samples. */
  private readonly since = { available: null as Ms | null, psi: null as Ms | null };
  private sampledAt: Ms | null = null;
  private clearSince: Ms | null = null;

  readonly look = (house: House, before: World, event: Event, decision: Decision): void => {
    this.duelsEnd(house, before, decision);
    this.leasesHold(house, before, decision);
    this.victimsAreFew(house, before, decision);
    if (event.kind === 'resumed') this.sampledAt = null;
    if (event.kind === 'sampled') this.levelFits(house, event.host, decision.world);
  };

  /** Two that are used have put each other to sleep at most three times in ten minutes. */
  private duelsEnd({ now, policy }: House, before: World, { notices }: Decision): void {
    const { thrashLimit, thrashWindow } = policy.relief;
    this.evictions = this.evictions.filter(({ at }) => now - at < thrashWindow);
    for (const notice of notices) {
      const { project, service } = notice;
      if (isForRoom(notice)) this.counts.duels += this.isSpent(policy.relief.thrashLimit) ? 1 : 0;
      const claims = notice.kind === 'stopping' && notice.data.reason === 'preempted' ? notice.data.by : [];
      const by = claims.length === 1 ? claims[0] : undefined;
      const victim = service === null ? undefined : serviceId(project, service);
      const entry = victim === undefined ? undefined : before.services.get(victim);
      if (by === undefined || entry === undefined || isIdle(entry, now)) continue;
      this.evictions.push({ pair: [victim, by].sort().join(' '), at: now });
      this.counts.kept++;
    }
    for (const { pair } of this.evictions) {
      const times = this.evictions.filter(each => each.pair === pair).length;
      if (times > thrashLimit) throw new Error(`${pair} have evicted each other ${times} times in ${thrashWindow / 60_000} minutes`);
    }
  }

  private isSpent(limit: number): boolean {
    return this.evictions.some(({ pair }) => this.evictions.filter(each => each.pair === pair).length >= limit);
  }

  /** What is leased or pinned is stopped by nobody but the user, or because it has failed. */
  private leasesHold({ now }: House, before: World, { world, steps }: Decision): void {
    for (const step of steps) {
      if (step.kind !== 'stop') continue;
      const [was, is] = [before.services.get(step.id), world.services.get(step.id)];
      if (was?.state.kind !== 'running' || was.state.frozen || is?.desired !== 'up') continue;
      if (is.state.kind === 'stopping' && is.state.after.kind !== 'sleep') continue;
      if (isLeased(before, step.id, now)) throw new Error(`${step.id} is stopped, and leased`);
    }
    for (const id of world.services.keys()) if (isLeased(world, id, now)) this.counts.leased++;
  }

  /** One at a time, and who is used never; under soft pressure only who is idle, and 15 s apart. */
  private victimsAreFew({ now, policy }: House, before: World, { world, notices }: Decision): void {
    const victims = notices.filter(({ kind, data }) => kind === 'stopping' && data.reason === 'host-pressure');
    const level = world.host.pressure.level;
    if (victims.length > 1) throw new Error('two are stopped for the host at once');
    for (const { project, service } of victims) {
      const id = serviceId(project, service ?? '');
      const entry = before.services.get(id);
      if (level === 'none') throw new Error(`${id} is stopped for a host that is well`);
      if (entry === undefined || entry.state.kind !== 'running') throw new Error(`${id} is stopped for the host, and does not run`);
      if (entry.use.holding || entry.use.execs > 0 || isLeased(before, id, now)) throw new Error(`${id} is stopped for the host, and used`);
      const isPaused = entry.state.frozen;
      if (level === 'soft' && !isPaused && !isIdle(entry, now)) throw new Error(`${id} is stopped for soft pressure, and not idle`);
      if (level === 'soft' && now - this.lastVictimAt < policy.pressure.victimPause)
        throw new Error(`${id} is stopped ${now - this.lastVictimAt} ms after another`);
      this.lastVictimAt = now;
      this.counts.victims++;
    }
  }

  /** A hard sign that lasts makes it hard; when the host has been well for a while it is over. */
  private levelFits({ now, hostLevel, policy: { pressure: rules } }: House, sample: HostSample, world: World): void {
    const { level } = world.host.pressure;
    if (level !== 'none') this.counts[level]++;
    if (this.sampledAt === null || now - this.sampledAt > rules.longestGap) this.since.available = this.since.psi = this.clearSince = null;
    this.sampledAt = now;
    const { available, total, psi } = sample;
    const scarce = available < rules.hardAvailable * total;
    const stalled = psi !== null && psi.full10 > rules.hardFull;
    this.since.available = scarce ? (this.since.available ?? now) : null;
    this.since.psi = stalled ? (this.since.psi ?? now) : null;
    const lasts = (since: Ms | null, window: Ms) => since !== null && now - since >= window;
    if (lasts(this.since.psi, rules.hardFullFor)) this.counts.byPsi++;
    if ((lasts(this.since.available, rules.hardAvailableFor) || lasts(this.since.psi, rules.hardFullFor)) && level !== 'hard')
      throw new Error(`the host is about to stall, and its pressure is called ${level}`);
    this.clearSince = hostLevel === 'none' ? (this.clearSince ?? now) : null;
    if (lasts(this.clearSince, rules.leaveAfter + rules.longestGap) && level !== 'none')
      throw new Error(`the host is well, and its pressure is still called ${level}`);
  }
}

function isIdle({ spec, use, state }: ServiceEntry, now: Ms): boolean {
  const since = state.kind === 'running' ? state.since : now;
  return spec.idle !== null && now - Math.max(use.lastAt, since) >= spec.idle;
}

function isLeased({ leases }: World, id: ServiceId, now: Ms): boolean {
  return [...leases.values()].some(
    ({ project, services, until }) => services.some(name => serviceId(project, name) === id) && (until === null || until > now),
  );
}

/** Somebody is refused because others hold the memory. */
function isForRoom({ kind, data }: Notice): boolean {
  return kind === 'refused' && (data.cause.code === 'over-budget' || data.cause.code === 'host-memory');
}
