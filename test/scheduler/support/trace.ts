import { canSleep } from '../../../daemon/model/listeners.js';
import type { ServiceId } from '../../../daemon/model/spec.js';
import { idOf } from '../../../daemon/scheduler/state/world.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { House } from './house.js';
import { CHANGED, HOUSEHOLD } from './households.js';
import { Random } from './random.js';
import { policy } from './specs.js';
import { Watcher } from './watcher.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SPECS = [...HOUSEHOLD, CHANGED];
const SERVICES = HOUSEHOLD.flatMap(({ services }) => services);
const SLEEPERS: readonly ServiceId[] = SERVICES.filter(canSleep).map(idOf);

type Deed = (house: House, random: Random, watcher: Watcher) => void;

/** What may happen, with how often. */
const DEEDS: readonly [weight: number, deed: Deed][] = [
  [24, (house, random) => house.visit(random.pick(SLEEPERS), random.chance(0.3))],
  [10, (house, random) => house.use(random.pick(SLEEPERS), { holding: false, connections: 0 })],
  [4, (house, random) => house.use(random.pick(SLEEPERS), { execs: random.between(0, 1) })],
  [3, (house, random) => house.send({ kind: 'wakeRequested', id: random.pick(SLEEPERS) })],
  [14, (house, random) => house.loads.set(random.pick(SERVICES.map(idOf)), 0.3 + 2 * random.next())],
  [24, (house, random) => house.pass(random.between(10, 5 * SECOND))],
  [5, (house, random) => house.pass(random.between(10 * SECOND, MINUTE))],
  [1, (house, random) => house.pass(random.between(MINUTE, 4 * MINUTE))],
  [1, (house, random) => house.suspend(random.between(SECOND, 60 * MINUTE))],
  [3, (house, random) => house.act({ kind: 'up', spec: random.pick(SPECS), services: null, recreate: random.chance(0.1) })],
  [6, (house, random) => house.say('lab/llm', random.chance(0.7) ? random.between(100, 520) * MiB : null, random.next())],
  [2, (house, random) => start(house, random, 'start')],
  [1, (house, random) => start(house, random, 'restart')],
  [1, (house, random) => start(house, random, 'stop')],
  [1, (house, random) => random.chance(0.3) && house.act({ kind: 'down', project: random.pick(SPECS).name, volumes: false })],
  [2, (house, random) => (house.hostLevel = random.pick(['none', 'none', 'none', 'soft', 'hard']))],
  [2, (house, random) => house.die(random.between(0, 9), 137, 'oom')],
  [1, (house, random) => house.die(random.between(0, 9), 1, random.pick(['none', 'killed']))],
  [1, (house, random) => (house.weather = { failures: random.pick([0, 0, 0.1, 0.4]), longest: random.pick([50, SECOND, 8 * SECOND]) })],
  [1, (house, random) => (house.engineAway ? house.returnEngine(random.chance(0.5)) : random.chance(0.3) && house.leaveEngine())],
  [1, (house, random, watcher) => random.chance(0.3) && kill(house, random, watcher)],
];
const DRAW = DEEDS.flatMap(([weight, deed]) => Array<Deed>(weight).fill(deed));

function start(house: House, random: Random, kind: 'start' | 'restart' | 'stop'): void {
  const spec = random.pick(SERVICES);
  house.act({ kind, project: spec.project, services: [spec.name] });
}

function kill(house: House, random: Random, watcher: Watcher): void {
  if (house.engineAway) return;
  watcher.forget();
  house.killDaemon(() => random.chance(0.5));
}

/** A trace of a seed; what goes wrong is told with the seed, so that it can be run again. */
export function run(seed: number, steps: number, watcher = new Watcher()): Watcher {
  const random = new Random(seed);
  const house = new House(policy(random.between(400, 1_000)), random, watcher.look);
  let step = 0;
  try {
    house.look();
    for (const spec of HOUSEHOLD) house.act({ kind: 'up', spec, services: null, recreate: false });
    for (; step < steps; step++) random.pick(DRAW)(house, random, watcher);
    comeToRest(house);
  } catch (error) {
    throw new Error(`seed ${seed}, step ${step}, at ${house.now} ms: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  return watcher;
}

/** Everybody leaves, nothing fails any more, the host is well: then it ends, and nobody waits. */
function comeToRest(house: House): void {
  house.hostLevel = 'none';
  house.weather = { failures: 0, longest: 100 };
  if (house.engineAway) house.returnEngine(false);
  for (const id of house.world.services.keys()) house.use(id, { connections: 0, holding: false, execs: 0 });
  house.pass(12 * MINUTE);
  if (!house.isStill) throw new Error('something is under way still');
  for (const [id, { desired: want, state, wakeRequest: request }] of house.world.services) {
    const rest = want === 'up' ? ['running', 'completed', 'failed', 'asleep'] : ['asleep', 'failed'];
    if (request !== null || !rest.includes(state.kind)) throw new Error(`${id}, wanted ${want}, ends ${state.kind}`);
  }
}

/** What happened in the traces of these seeds, in all. */
export function runAll(first: number, last: number): Watcher['counts'] {
  const total = { served: 0, refused: 0, evictions: 0, shrinks: 0, freezes: 0, granted: 0, denied: 0 };
  for (let seed = first; seed <= last; seed++) {
    const { counts } = run(seed, 200);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
  }
  return total;
}
