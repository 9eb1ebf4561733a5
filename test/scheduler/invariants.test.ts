import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDeadline } from '../../daemon/scheduler/decide.js';
import { held } from '../../daemon/scheduler/state/service-state.js';
import { formatBytes, MiB } from '../../daemon/shared/bytes.js';
import { rounds } from '../support/deep.js';
import { Simulation } from './support/simulation.js';
import { policy, project } from './support/specs.js';

/** Two projects with equal service names, and a changed definition of the first. */
const PROJECTS = [
  project('a', {
    api: { dependsOn: ['db', 'migrate:completed'], priority: 70, guessed: true },
    db: { memory: [100, 300], priority: 60 },
    migrate: { memory: [50, 50], dependsOn: ['db'], restart: { policy: 'no', maxRetries: null } },
  }),
  project('a', { api: { dependsOn: ['db'], configHash: 'changed', memory: [150, 250] }, db: { memory: [100, 300], start: 'manual' } }),
  project('b', { api: { memory: [200, 400], restart: { policy: 'always', maxRetries: null } }, db: { guessed: true } }),
] as const;
const NAMES = ['api', 'db', 'migrate'];

/** I1 Σ standard ≤ B, I2 Σ grant ≤ B, I3 standard ≤ grant ≤ maximum; and what really runs: within B, one of each. */
function holds({ world, policy: { budget }, boxes }: Simulation): void {
  let [grants, standards] = [0, 0];
  for (const [id, { state, spec }] of world.services) {
    const grant = held(state);
    grants += grant;
    if (grant > 0 && state.kind !== 'stopping') {
      standards += spec.memory.standard;
      const own = state.kind === 'running' || state.kind === 'starting' ? state.hash === spec.configHash : true;
      if (own && grant < spec.memory.standard) throw new Error(`I3: ${id} holds ${formatBytes(grant)}, less than its standard`);
      if (own && grant > spec.memory.maximum) throw new Error(`I3: ${id} holds ${formatBytes(grant)}, more than its maximum`);
    }
  }
  if (standards > budget) throw new Error(`I1: standards ${formatBytes(standards)} of ${formatBytes(budget)}`);
  if (grants > budget) throw new Error(`I2: grants ${formatBytes(grants)} of ${formatBytes(budget)}`);
  const running = [...boxes.values()].filter(box => box.running);
  const used = running.reduce((sum, box) => sum + box.grant, 0);
  if (used > budget) throw new Error(`containers hold ${formatBytes(used)} of ${formatBytes(budget)}`);
  const services = running.map(box => `${box.spec.project}/${box.spec.name}`);
  if (new Set(services).size < services.length) throw new Error(`twice: ${services.join(', ')}`);
}

/** One thing that may happen, from a number. */
function happen(simulation: Simulation, choice: number): void {
  const detail = Math.floor(choice / 32);
  const name = NAMES[detail % NAMES.length] ?? 'api';
  const spec = PROJECTS[detail % PROJECTS.length] ?? PROJECTS[0];
  switch (choice % 32) {
    case 0:
    case 1:
      return void simulation.act({ kind: 'up', spec, services: null, recreate: detail % 7 === 0 });
    case 2:
      return void simulation.act({ kind: 'up', spec, services: [name], recreate: false });
    case 3:
      return void simulation.act({ kind: 'start', project: spec.name, services: [name] });
    case 4:
      return void simulation.act({ kind: 'stop', project: spec.name, services: [name] });
    case 5:
      return void simulation.act({ kind: 'restart', project: spec.name, services: [name] });
    case 6:
      return void simulation.act({ kind: 'down', project: spec.name, volumes: detail % 2 === 0 });
    case 7:
      return simulation.die(detail, 0, 'none');
    case 8:
      return simulation.die(detail, 1, 'none');
    case 9:
      return simulation.die(detail, 137, 'oom');
    case 10:
      return simulation.die(detail, 143, 'killed');
    case 11:
      return simulation.loseEngine();
    case 12: {
      let bits = detail;
      return simulation.killDaemon(() => {
        bits >>= 1;
        return bits % 2 === 0;
      });
    }
    case 13:
    case 14:
      return simulation.wait();
    case 15:
      return simulation.look();
    case 16:
    case 17:
      return simulation.finish(detail, false);
    case 19:
      return simulation.restart(detail);
    case 18:
      return void simulation.send({ kind: 'scheduled', project: spec.name, what: detail % 2 === 0 ? 'up' : 'down' });
    default:
      return simulation.finish(detail, true);
  }
}

/** Lets everything under way end well, and time pass, until nothing is left to do. */
function settle(simulation: Simulation): void {
  for (let round = 0; round < 400; round++) {
    if (simulation.inFlight.length > 0) simulation.finish(0, true);
    else if (nextDeadline(simulation.world, simulation.policy) !== null) simulation.wait();
    else return;
  }
  throw new Error('it never comes to rest');
}

const trace = fc.array(fc.nat(32 * 64), { minLength: 5, maxLength: 60 });

test(`whatever happens, the budget holds: ${rounds(10_000)} random traces`, () => {
  fc.assert(
    fc.property(trace, fc.integer({ min: 200, max: 1_000 }), (choices, budget) => {
      const simulation = new Simulation(policy(budget), holds);
      simulation.look();
      for (const choice of choices) happen(simulation, choice);
      settle(simulation);
      for (const [id, { desired: want, state }] of simulation.world.services) {
        const atRest = want === 'up' ? ['running', 'completed', 'failed', 'queued', 'pending'] : ['asleep', 'failed'];
        if (!atRest.includes(state.kind)) throw new Error(`${id} is wanted ${want} and ends ${state.kind}`);
        if (want !== 'up' && [...simulation.boxes.values()].some(box => box.running && `${box.spec.project}/${box.spec.name}` === id))
          throw new Error(`${id} is not wanted and runs`);
      }
      const orphans = [...simulation.boxes.values()].filter(box => !simulation.world.services.has(`${box.spec.project}/${box.spec.name}`));
      if (orphans.length > 0) throw new Error(`orphaned: ${orphans.map(box => box.id).join(', ')}`);
    }),
    { numRuns: rounds(10_000) },
  );
}, 600_000);

test('everyone who fits is served: after an up that was accepted, all of it runs', () => {
  fc.assert(
    fc.property(trace, choices => {
      const simulation = new Simulation(policy(1_000), holds);
      simulation.look();
      for (const choice of choices) happen(simulation, choice);
      settle(simulation);
      const answer = simulation.act({ kind: 'up', spec: PROJECTS[2], services: null, recreate: false });
      if (!answer?.ok) return;
      settle(simulation);
      for (const name of ['api', 'db']) {
        const kind = simulation.world.services.get(`b/${name}`)?.state.kind;
        if (kind !== 'running' && kind !== 'completed') throw new Error(`b/${name} is ${kind}`);
      }
    }),
    { numRuns: rounds(2_000) },
  );
}, 600_000);

test('the same trace gives the same world', () => {
  const run = (choices: readonly number[]) => {
    const simulation = new Simulation(policy(500), () => undefined);
    simulation.look();
    for (const choice of choices) happen(simulation, choice);
    return JSON.stringify([...simulation.world.services]);
  };
  fc.assert(
    fc.property(trace, choices => {
      expect(run(choices)).toBe(run(choices));
    }),
  );
});

test('the check itself can fail: a grant over the budget is seen', () => {
  const simulation = new Simulation(policy(1_000), () => undefined);
  simulation.look();
  simulation.act({ kind: 'up', spec: PROJECTS[2], services: null, recreate: false });
  const smaller = new Simulation({ ...simulation.policy, budget: 100 * MiB }, () => undefined);
  smaller.world = simulation.world;
  expect(() => holds(smaller)).toThrow('I1');
});
