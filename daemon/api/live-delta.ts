import type { Live, LiveDelta, LiveService } from './live.js';

const PARTS = ['daemon', 'engine', 'host', 'budget', 'projects'] as const;

/** What has to be told to who has seen `before`; null: nothing but the time. */
export function deltaOf(before: Live, after: Live): LiveDelta | null {
  const parts = PARTS.filter(part => !isSame(before[part], after[part])).map(part => [part, after[part]]);
  const known = new Map(before.services.map(service => [service.id, service]));
  const services = after.services.flatMap(service => changesOf(known.get(service.id), service) ?? []);
  const still = new Set(after.services.map(({ id }) => id));
  const removed = before.services.map(({ id }) => id).filter(id => !still.has(id));
  if (parts.length === 0 && services.length === 0 && removed.length === 0) return null;
  return {
    at: after.at,
    ...Object.fromEntries(parts),
    ...(services.length > 0 ? { services } : {}),
    ...(removed.length > 0 ? { removed } : {}),
  };
}

/** The snapshot after a delta. New services come last. */
export function applyDelta(live: Live, { services = [], removed = [], ...parts }: LiveDelta): Live {
  const changes = new Map(services.map(change => [change.id, change]));
  const kept = live.services.filter(({ id }) => !removed.includes(id));
  const known = new Set(kept.map(({ id }) => id));
  const added = services.filter(({ id }) => !known.has(id)) as readonly LiveService[];
  return { ...live, ...parts, services: [...kept.map(service => ({ ...service, ...changes.get(service.id) })), ...added] };
}

function changesOf(
  before: LiveService | undefined,
  after: LiveService,
): (Partial<LiveService> & { readonly id: LiveService['id'] }) | null {
  if (!before) return after;
  const changed = (Object.keys(after) as (keyof LiveService)[]).filter(key => !isSame(before[key], after[key]));
  return changed.length === 0 ? null : { ...Object.fromEntries(changed.map(key => [key, after[key]])), id: after.id };
}

/** Of plain values as JSON carries them. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return keys.length === others.length && keys.every(key => isSame(Reflect.get(one, key), Reflect.get(other, key)));
}
