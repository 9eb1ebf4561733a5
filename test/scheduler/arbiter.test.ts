import { expect, test } from 'vitest';
import { type ServiceId, serviceId } from '../../daemon/model/spec.js';
import { idOf } from '../../daemon/scheduler/state/world.js';
import { byGear, FAST, rounds, SEED } from '../support/deep.js';
import { House } from './support/house.js';
import { HOUSEHOLD, PEACEFUL } from './support/households.js';
import { Random } from './support/random.js';
import { policy } from './support/specs.js';
import { run, runAll } from './support/trace.js';
import { budgetHolds, Watcher } from './support/watcher.js';

const SECOND = 1_000;
const PEACEFUL_SPECS = PEACEFUL.flatMap(({ services }) => services);
const PEACEFUL_IDS = PEACEFUL_SPECS.map(idOf);
/** A minute, and what starting one service and stopping another takes. */
const WINDOW = 80 * SECOND;

function standardOf(id: ServiceId): number {
  return PEACEFUL_SPECS.find(spec => idOf(spec) === id)?.memory.standard ?? 0;
}

function withDependencies(id: ServiceId): ServiceId[] {
  const spec = PEACEFUL_SPECS.find(each => idOf(each) === id);
  return [id, ...(spec?.dependsOn ?? []).flatMap(on => withDependencies(serviceId(spec?.project ?? '', on.service)))];
}

// Half of the 10,000; the other half is in arbiter-2.test.ts, for another core.
const TRACES = rounds(5_000);

test(`whatever happens, the rules hold: ${TRACES} traces of 200 steps`, () => {
  // Traces in which nothing is scarce would prove nothing.
  for (const [what, count] of Object.entries(runAll(SEED, SEED + TRACES - 1))) expect(count, what).toBeGreaterThan(FAST ? 0 : TRACES / 10);
}, 600_000);

test('the same seed gives the same steps at the same times, another seed others', () => {
  const count = byGear({ deep: 50, usual: 50, fast: 2 });
  const hashed = () => Array.from({ length: count }, (_, seed) => run(seed, 100, new Watcher(true)).hash());
  const hashes = hashed();
  expect(hashed()).toEqual(hashes);
  expect(new Set(hashes).size).toBe(count);
});

/** Clients that come and go, one wish after another, each only when it fits beside all that was wished a minute and a start before. */
function serve(seed: number): { readonly visits: number; readonly unserved: readonly string[] } {
  const random = new Random(seed);
  const watcher = new Watcher();
  const budget = random.between(600, 900);
  const house = new House(policy(budget), random, watcher.look);
  house.weather = { failures: 0, longest: 200 };
  for (const id of PEACEFUL_IDS) house.loads.set(id, 0.5);
  house.look();
  for (const spec of PEACEFUL) house.act({ kind: 'up', spec, services: null, recreate: false });
  house.pass(SECOND);
  const wishes: { readonly at: number; readonly names: readonly ServiceId[] }[] = [];
  const unserved: string[] = [];
  let visits = 0;
  for (let turn = 0; turn < 60; turn++) {
    const id = random.pick(PEACEFUL_IDS);
    const names = withDependencies(id);
    const recent = wishes.filter(({ at }) => house.now - at < WINDOW).flatMap(wish => wish.names);
    const sum = [...new Set([...recent, ...names])].reduce((total, name) => total + standardOf(name), 0);
    if (sum <= house.policy.budget) {
      visits++;
      wishes.push({ at: house.now, names });
      house.visit(id, true);
      const until = house.now + house.policy.patience + 5 * SECOND;
      while (house.world.services.get(id)?.state.kind !== 'running' && house.now < until) house.pass(200);
      const entry = house.world.services.get(id);
      if (entry?.state.kind !== 'running')
        unserved.push(`seed ${seed}: ${id} at ${house.now}: ${entry?.state.kind}, ${entry?.refusal?.message}`);
      house.use(id, { holding: false, lastByteAt: house.now });
    }
    house.pass(random.between(SECOND, 30 * SECOND));
  }
  return { visits, unserved };
}

test(`who fits is served: ${rounds(500)} traces of clients that ask for no more than the budget within a minute`, () => {
  let visits = 0;
  const unserved: string[] = [];
  for (let seed = SEED; seed < SEED + rounds(500); seed++) {
    const outcome = serve(seed);
    visits += outcome.visits;
    unserved.push(...outcome.unserved);
  }
  expect(unserved).toEqual([]);
  expect(visits).toBeGreaterThan(10 * rounds(500));
}, 120_000);

test('the checks can fail: a grant over the budget is seen', () => {
  const house = new House(policy(1_000), new Random(1), () => undefined);
  house.look();
  for (const spec of HOUSEHOLD) house.act({ kind: 'up', spec, services: null, recreate: false });
  const smaller = new House(policy(100), new Random(1), () => undefined);
  smaller.world = house.world;
  expect(() => budgetHolds(smaller)).toThrow('I1');
});
