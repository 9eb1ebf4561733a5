import type { Lease } from '../../../daemon/scheduler/state/world.js';
import { Guard } from './guard.js';
import { House, type Signs } from './house.js';
import { frozenAfter, sleeper } from './households.js';
import { Random } from './random.js';
import { policy, project } from './specs.js';
import { Watcher } from './watcher.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Of equal priority and long idle times, and no two of the first four fit together beside the others: room is made by eviction alone. */
const RING = project('ring', {
  one: sleeper(4000, 1_800, { memory: [200, 200] }),
  two: sleeper(4001, 1_800, { memory: [200, 200] }),
  three: sleeper(4002, 1_800, { memory: [170, 250] }),
  four: sleeper(4003, 1_800, { memory: [180, 180], priority: 60 }),
  // Paused, so that there is somebody idle whom soft pressure may stop.
  small: sleeper(4004, 1_800, { memory: [20, 40], priority: 40, ...frozenAfter(30) }),
  tiny: sleeper(4005, 1_800, { memory: [20, 20], priority: 30, ...frozenAfter(20) }),
});
const RIVALS = ['one', 'two', 'three', 'four'] as const;
const PAUSED = ['small', 'tiny'] as const;
const NAMES = [...RIVALS, ...PAUSED] as const;

type Deed = (house: House, random: Random) => void;

const DEEDS: readonly [weight: number, deed: Deed][] = [
  [5, (house, random) => house.act(lease(random, random.pick(NAMES), random.chance(0.3) ? 'pin' : 'client'))],
  [4, (house, random) => house.act({ kind: 'release', id: `lease-${random.pick(NAMES)}` })],
  [3, (house, random) => house.act({ kind: 'renew', id: `lease-${random.pick(NAMES)}`, ttl: random.between(SECOND, 3 * MINUTE) })],
  [4, (house, random) => house.act({ kind: 'unpin', project: RING.name, services: [random.pick(NAMES)] })],
  [4, (house, random) => strain(house, random)],
  [3, (house, random) => house.use(`ring/${random.pick(NAMES)}`, { holding: random.chance(0.3), lastByteAt: house.now })],
  [2, (house, random) => house.loads.set(`ring/${random.pick(NAMES)}`, 0.3 + random.next())],
  [8, (house, random) => house.pass(random.between(SECOND, 20 * SECOND))],
  [3, house => wakeThePaused(house)],
  [2, (house, random) => house.suspend(random.between(SECOND, 5 * MINUTE))],
];
const DRAW = DEEDS.flatMap(([weight, deed]) => Array<Deed>(weight).fill(deed));

function lease(random: Random, name: string, holder: Lease['holder']) {
  const ttl = holder === 'pin' && random.chance(0.5) ? null : random.between(SECOND, 4 * MINUTE);
  return { kind: 'lease', id: `lease-${name}`, project: RING.name, services: [name], holder, ttl, note: 'a trace' } as const;
}

function wakeThePaused(house: House): void {
  for (const name of PAUSED) {
    house.visit(`ring/${name}`, false);
    house.use(`ring/${name}`, { connections: 0 });
  }
}

function strain(house: House, random: Random): void {
  house.signs = random.pick<Signs>(['available', 'psi', 'psi', 'refaults']);
  house.hostLevel = random.pick(['none', 'none', 'soft', 'hard']);
  house.pass(random.between(5 * SECOND, 40 * SECOND));
  if (random.chance(0.7)) house.hostLevel = 'none';
}

/** Two are wanted in turns, each when it could just have the other's place. */
function duel(house: House, random: Random): void {
  const [first, second] = [random.pick(RIVALS), random.pick(RIVALS)];
  for (let turn = 0; turn < 5; turn++) {
    const id = `ring/${turn % 2 === 0 ? first : second}` as const;
    house.visit(id, false);
    house.use(id, { connections: 0 });
    house.pass(random.between(120 * SECOND, 140 * SECOND));
  }
}

/** A trace of duels, leases and a host that runs short, and what was seen in it. */
export function duels(seed: number): Guard['counts'] {
  const random = new Random(seed);
  const [watcher, guard] = [new Watcher(), new Guard()];
  const house = new House(policy(random.between(250, 370)), random, (...seen) => {
    watcher.look(...seen);
    guard.look(...seen);
  });
  house.weather = { failures: 0, longest: 300 };
  try {
    house.look();
    house.act({ kind: 'up', spec: RING, services: null, recreate: false });
    house.pass(SECOND);
    for (let round = 0; round < 6; round++) {
      duel(house, random);
      wakeThePaused(house);
      for (let step = 0; step < 12; step++) random.pick(DRAW)(house, random);
      if (random.chance(0.5)) calm(house);
    }
  } catch (error) {
    throw new Error(`seed ${seed}, at ${house.now} ms: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  return guard.counts;
}

/** Nobody holds anything, and the host is well. */
function calm(house: House): void {
  house.hostLevel = 'none';
  house.act({ kind: 'unpin', project: RING.name, services: [...NAMES] });
  for (const name of NAMES) {
    house.act({ kind: 'release', id: `lease-${name}` });
    house.use(`ring/${name}`, { holding: false, connections: 0 });
  }
  house.pass(3 * MINUTE);
}
