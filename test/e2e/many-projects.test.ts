import { afterAll, beforeAll, expect, test } from 'vitest';
import { mapBounded } from '../../daemon/engine/client/map-bounded.js';
import { DEEP, SEED, some } from '../support/deep.js';
import { networksOf } from './support/engine.js';
import type { Home } from './support/home.js';
import { complaint, sleepers } from './support/sleepers.js';
import { tinyHome } from './support/tiny.js';

/** Docker's default address pools give out 31 networks. */
const PROJECTS = Array.from({ length: 60 }, (_, index) => `p${index}`);
/** So many commands and starts are under way. */
const AT_ONCE = 6;

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

const WOKEN = DEEP ? PROJECTS.length : 12;

test(`60 projects of a sleeper each, on an engine with its default address pools: each is up, and ${WOKEN} of them are woken (SEED=${SEED})`, async () => {
  const wanted = { sleeper: { memory: '{ standard: 16MB, maximum: 32MB }', idle: '10m' } };
  const up = await mapBounded(PROJECTS, AT_ONCE, async project => (await sleepers(own, project, wanted)).services);
  expect((await networksOf(own.instance)).length).toBe(PROJECTS.length);
  const woken = await mapBounded(some(up.flat(), WOKEN), AT_ONCE, complaint);
  expect(woken).toEqual(Array.from({ length: WOKEN }, () => null));
});
