import type { ProjectSpec } from '../../../daemon/model/spec.js';
import { Driver } from './driver.js';
import { policy, project } from './specs.js';

/** An API over a database. */
export const shop = project('shop', { api: { dependsOn: ['db'] }, db: {} });

/** With the project up. */
export function running(spec: ProjectSpec = shop, budget = 1_000): Driver {
  const driver = new Driver(policy(budget)).boot();
  driver.up(spec);
  driver.settle();
  return driver;
}

export function containerOf(driver: Driver, id: string): string {
  return driver.world.services.get(id as 'a/b')?.container ?? never();
}

export function never(): never {
  throw new Error('the fixture lacks what this test needs');
}
