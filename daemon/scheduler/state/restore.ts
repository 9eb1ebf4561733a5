import { canSleep } from '../../model/listeners.js';
import type { ServiceSpec } from '../../model/spec.js';
import type { Draft } from './draft.js';
import type { Event } from './event.js';
import type { Intent } from './intent.js';
import { idOf, type ServiceEntry, type World } from './world.js';

/** Wants as the state file has them. What is, the engine tells next (`observed`). */
export function foldRestored(
  draft: Draft,
  { projects, pins = [], budget = null, learnt = [] }: Extract<Event, { kind: 'restored' }>,
): void {
  draft.leases = new Map(pins.map(pin => [pin.id, pin]));
  draft.budget = budget;
  draft.learnt = new Map(learnt.map(({ id, standard, maximum }) => [id, { standard, maximum }]));
  for (const { spec, up, restart, recreate, leaving, hours } of projects) {
    const due = hours?.due ?? null;
    draft.projects.set(spec.name, { spec, leaving, listeners: { kind: 'due' }, listening: false, clearing: false, due, clearAt: null });
    for (const service of spec.services) {
      const desired = leaving ? 'gone' : up.includes(service.name) ? 'up' : 'down';
      const pending = { restartRequested: restart.includes(service.name), recreateRequested: recreate.includes(service.name) };
      const awake = desired === 'up' && startsAwake(service);
      const over = hours?.closing.includes(service.name) ? 'closing' : hours?.closed.includes(service.name) ? 'closed' : null;
      draft.add(service, { ...pending, desired, awake, hours: over });
    }
  }
}

/** Runs with its profile: what is eager, and what no connection could wake. */
export function startsAwake(spec: ServiceSpec): boolean {
  return spec.start === 'eager' || !canSleep(spec);
}

/** What the state file keeps: which projects there are, what is wanted of them, and nothing that the engine knows better. */
export function intentOf(world: World): Intent['projects'] {
  return [...world.projects.values()].map(({ spec, leaving, due }) => {
    const named = (holds: (entry: ServiceEntry) => boolean) =>
      spec.services.flatMap(service => {
        const entry = world.services.get(idOf(service));
        return entry && holds(entry) ? [service.name] : [];
      });
    const closing = named(entry => entry.hours === 'closing');
    const closed = named(entry => entry.hours === 'closed');
    const hasHours = due !== null || closing.length + closed.length > 0;
    return {
      spec,
      up: named(entry => entry.desired === 'up'),
      restart: named(entry => entry.restartRequested),
      recreate: named(entry => entry.recreateRequested),
      leaving,
      ...(hasHours ? { hours: { due, closing, closed } } : {}),
    };
  });
}
