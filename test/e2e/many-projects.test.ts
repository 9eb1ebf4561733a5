import { afterAll, beforeAll, expect, test } from 'vitest';
import { mapBounded } from '../../daemon/engine/client/map-bounded.js';
import { byGear, SEED, some } from '../support/deep.js';
import { networksOf } from './support/engine.js';
import { done, type Home } from './support/home.js';
import { complaint, filesOfSleepers, type Sleeper } from './support/sleepers.js';
import { specIn } from './support/spec.js';
import { tinyHome } from './support/tiny.js';

/** Docker's default address pools give out 31 networks. */
const PROJECTS = Array.from({ length: byGear({ deep: 60, usual: 36, fast: 34 }) }, (_, index) => `p${index}`);
/** So many projects are on their way up. */
const AT_ONCE = 6;
/** So many services are woken; more than the daemon starts at once would only wait for each other. */
const WAKES_AT_ONCE = 3;

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
  await own.ask(['daemon', 'start']);
});
afterAll(() => own?.close());

const WOKEN = byGear({ deep: PROJECTS.length, usual: 8, fast: 6 });

/** As `up` of the command line, which would take longer than the daemon. */
async function up(project: string): Promise<readonly Sleeper[]> {
  const { folder, services } = await filesOfSleepers(own, project, {
    sleeper: { memory: '{ standard: 16MB, maximum: 32MB }', idle: '10m' },
  });
  const spec = await specIn(folder);
  await done(own.client.act(spec.name, 'up', { spec, services: null, wait: true }));
  return services;
}

test(`${PROJECTS.length} projects of a sleeper each, on an engine with its default address pools: each is up, and ${WOKEN} of them are woken (SEED=${SEED})`, async () => {
  const sleeping = await mapBounded(PROJECTS, AT_ONCE, up);
  expect((await networksOf(own.instance)).length).toBe(PROJECTS.length);
  const woken = await mapBounded(some(sleeping.flat(), WOKEN), WAKES_AT_ONCE, complaint);
  expect(woken).toEqual(Array.from({ length: WOKEN }, () => null));
});
