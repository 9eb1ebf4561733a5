import type { ServiceId } from '../../../daemon/model/spec.js';
import { Driver } from './driver.js';
import { sleeper } from './households.js';
import { policy, project } from './specs.js';

/** An API over a database, both asleep until a client connects. */
export const sleepyShop = project('shop', {
  api: sleeper(3000, 60, { dependsOn: ['db'] }),
  db: sleeper(5432, 120, { protocol: 'postgres' }),
});

/** Two of equal priority that do not fit together into 300 MB. */
export const rivals = project('lab', {
  one: sleeper(4000, 600, { memory: [200, 200] }),
  two: sleeper(4001, 600, { memory: [200, 200] }),
});

/** Up and settled: what is on demand sleeps. */
export function sleeping(spec = sleepyShop, budget = 1_000): Driver {
  const driver = new Driver(policy(budget)).boot();
  driver.up(spec);
  driver.settle();
  return driver;
}

export function wake(driver: Driver, id: ServiceId): string[] {
  driver.send({ kind: 'wakeRequested', id });
  return driver.settle();
}

/** Time passes to this moment, and whatever is due by then is done. */
export function tickAt(driver: Driver, at: number): string[] {
  driver.now = at;
  driver.send({ kind: 'tick' });
  return driver.settle();
}

export function use(driver: Driver, id: ServiceId, change: { readonly holding?: boolean; readonly execs?: number }): void {
  driver.send({ kind: 'used', uses: [{ id, connections: 1, holding: false, moving: false, execs: 0, lastByteAt: null, ...change }] });
}

export function asleep(driver: Driver, id: ServiceId): boolean {
  const entry = driver.world.services.get(id);
  return entry?.desired === 'up' && !entry.awake && entry.state.kind === 'asleep';
}

export function refusalOf(driver: Driver, id: ServiceId) {
  return driver.world.services.get(id)?.refusal ?? null;
}
