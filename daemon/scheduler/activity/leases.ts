import type { ServiceId } from '../../model/spec.js';
import { failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { formatSpan } from '../../shared/span.js';
import type { Draft } from '../state/draft.js';
import type { Action, Answer } from '../state/event.js';
import { type Lease, serviceIds, type World } from '../state/world.js';

type Lasting = Pick<World, 'leases'>;

/** A lease that was taken, or taken anew under the same id. */
export function takeLease(draft: Draft, { id, project, services, holder, ttl, note }: Extract<Action, { kind: 'lease' }>, now: Ms): void {
  const lease: Lease = { id, project, services, holder, until: ttl === null ? null : now + ttl, note };
  draft.leases = new Map([...draft.leases, [id, lease]]);
  if (holder === 'pin') draft.intentChanged = true;
}

/** Holds it for `ttl` more from now on; refused when it has run out: the holder takes a new one. */
export function renewLease(draft: Draft, id: string, ttl: Ms, now: Ms): Answer | null {
  const lease = draft.leases.get(id);
  if (!lease) {
    return {
      ok: false,
      failure: failure('not-found', `There is no lease ${id}: it ran out, or the daemon was restarted.`, {}, ['Take a new one']),
    };
  }
  draft.leases = new Map([...draft.leases, [id, { ...lease, until: now + ttl }]]);
  return null;
}

/** What it held is used until now. */
export function releaseLease(draft: Draft, id: string, now: Ms): void {
  const lease = draft.leases.get(id);
  if (!lease) return;
  draft.leases = new Map([...draft.leases].filter(([other]) => other !== id));
  if (lease.holder === 'pin') draft.intentChanged = true;
  for (const service of serviceIds(lease)) {
    const entry = draft.entry(service);
    if (entry) draft.patch(service, { use: { ...entry.use, lastAt: Math.max(entry.use.lastAt, now) } });
  }
}

/** Pins of these services, whatever else a pin names too. */
export function unpin(draft: Draft, project: string, services: readonly string[], now: Ms): void {
  for (const lease of [...draft.leases.values()]) {
    if (lease.holder !== 'pin' || lease.project !== project) continue;
    const kept = lease.services.filter(name => !services.includes(name));
    if (kept.length === lease.services.length) continue;
    releaseLease(draft, lease.id, now);
    if (kept.length > 0) draft.leases = new Map([...draft.leases, [lease.id, { ...lease, services: kept }]]);
  }
}

export function expireLeases(draft: Draft, now: Ms): void {
  for (const { id, until } of [...draft.leases.values()]) if (until !== null && now >= until) releaseLease(draft, id, now);
}

/** The earliest end of a lease; null: none ends by itself. */
export function leaseDue(world: Lasting): Ms | null {
  let due: Ms | null = null;
  for (const { until } of world.leases.values()) if (until !== null && (due === null || until < due)) due = until;
  return due;
}

/** The leases that hold a service, in words; null when there are none. */
export function whyLeased(world: Lasting, id: ServiceId): string | null {
  for (const lease of world.leases.values()) {
    if (!serviceIds(lease).includes(id)) continue;
    if (lease.holder === 'pin') return lease.until === null ? 'pinned' : 'pinned for a while';
    return `leased by ${lease.note}`;
  }
  return null;
}

/** For views, where the time is known. */
export function leaseWords(world: Lasting, id: ServiceId, now: Ms): string | null {
  const pin = [...world.leases.values()].find(lease => lease.holder === 'pin' && serviceIds(lease).includes(id));
  if (pin?.until == null) return whyLeased(world, id);
  return `pinned for ${formatSpan(pin.until - now)} more`;
}
