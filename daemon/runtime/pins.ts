import type { Clock } from '../ports/ports.js';
import type { KeptPin } from '../scheduler/state/intent.js';
import type { Lease, World } from '../scheduler/state/world.js';

/** Pins as the state file keeps them: their ends by the wall clock. */
export function pinsToKeep(world: Pick<World, 'leases'>, clock: Clock): readonly KeptPin[] {
  const ahead = clock.wall() - clock.now();
  return [...world.leases.values()]
    .filter(lease => lease.holder === 'pin')
    .map(({ id, project, services, until }) => ({ id, project, services, until: until === null ? null : Math.round(until + ahead) }));
}

/** And as the world has them; what has ended meanwhile expires at once. */
export function pinsKept(pins: readonly KeptPin[], clock: Clock): readonly Lease[] {
  const ahead = clock.wall() - clock.now();
  return pins.map(({ until, ...pin }) => ({ ...pin, holder: 'pin', until: until === null ? null : until - ahead, note: 'pin' }));
}
