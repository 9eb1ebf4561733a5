import { afterAll, beforeAll, expect, test } from 'vitest';
import { prune } from '../../daemon/runtime/effects/clean.js';
import { projectSpec } from '../scheduler/specs.js';
import { Driver } from '../scheduler/support/driver.js';
import { policy } from '../scheduler/support/specs.js';
import { type Bench, openBench, silent } from './support/bench-engine.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.clear());

const names = async () => (await bench.containers.list()).map(({ service }) => service).sort();

test('what belongs to nothing known goes, but nothing that runs, and no volume; what is known stays', async () => {
  const volume = { key: 'data', name: `${bench.project}_data`, external: false, driver: null, options: {}, labels: {} };
  await bench.containers.ensureResources(bench.project, [bench.network], [volume]);
  const networks = [{ network: bench.network.key, aliases: [], ipv4: null, ipv6: null }];
  const [known, left, runs] = [bench.service('known'), bench.service('left'), bench.service('runs', { networks })];
  await bench.containers.create(known, bench.launch());
  await bench.containers.create(left, bench.launch());
  const id = await bench.run(runs);
  const project = projectSpec({ name: bench.project, services: [known], networks: [bench.network] });
  const driver = new Driver(policy(1_000)).send({
    kind: 'restored',
    projects: [{ spec: project, up: [], restart: [], recreate: [], leaving: null }],
  });

  await prune(() => driver.world, bench.containers, silent);
  expect(await names()).toEqual(['known', 'left', 'runs']); // The engine was not looked at yet.

  driver.boot();
  await prune(() => driver.world, bench.containers, silent);
  expect(await names()).toEqual(['known', 'runs']);
  expect(await bench.containers.networks()).toEqual([{ project: bench.project, name: bench.network.name }]);

  const empty = new Driver(policy(1_000)).boot();
  await prune(() => empty.world, bench.containers, silent);
  expect(await names()).toEqual(['runs']);
  expect(await bench.containers.networks()).toHaveLength(1); // In use: the engine keeps it.

  await bench.containers.stop(id, 1_000);
  await prune(() => empty.world, bench.containers, silent);
  expect([await names(), await bench.containers.networks()]).toEqual([[], []]);
  expect((await bench.containers.projectResources(bench.project)).volumes).toEqual([volume.name]);
});
