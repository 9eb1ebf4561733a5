import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheOf, findCgroups } from '../../daemon/platform/wsl/cgroups.js';
import { readHost } from '../../daemon/platform/wsl/facts.js';
import { kernelWriter, measureFree, reclaimContainers } from '../../daemon/platform/wsl/reclaim.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench } from './support/bench-engine.js';

const HOST = { root: '', env: process.env };

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

test('200 MiB of page cache of a container really leave, and it goes on running', async () => {
  // Synced: dirty pages cannot be dropped. Read once more, so that they count as used.
  const script = 'head -c 209715200 /dev/zero > /tmp/file; sync; cat /tmp/file > /dev/null; touch /tmp/ready; sleep 1000';
  const id = await bench.run(bench.service('cached', { command: ['sh', '-c', script] }), { grant: 320 * MiB });
  expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'], patience(60_000))).toBe(0);
  const cgroup = findCgroups(HOST, [id]).get(id);
  if (!cgroup) throw new Error('no cgroup');
  const before = cacheOf(cgroup) ?? 0;
  expect(before).toBeGreaterThan(190 * MiB);

  const facts = await readHost(HOST, '/nonexistent');
  const then = await measureFree(HOST, facts, '/nonexistent');
  const [done] = await reclaimContainers(HOST, [id], kernelWriter(HOST, facts));
  const [after, now] = [cacheOf(cgroup) ?? 0, await measureFree(HOST, facts, '/nonexistent')];
  const mib = (bytes: number) => Math.round(bytes / MiB);
  console.info(`${cgroup.version}, ${done?.how}: ${mib(before)} → ${mib(after)} MiB, ${done?.why ?? 'all'}`);
  console.info(`this machine: file cache ${mib(now.cache - then.cache)} MiB, MemFree ${mib(now.vm - then.vm)} MiB`);
  const swap = readFileSync('/proc/swaps', 'utf8').trim().split('\n').length > 1;
  if (cgroup.version === 'v1' && swap) return expect(done?.why).toMatch(/would swap/);
  expect(done).toMatchObject({ how: cgroup.version === 'v2' ? 'memory.reclaim' : 'memory.force_empty' });
  expect(after).toBeLessThan(10 * MiB);
  // Not merely charged elsewhere. What others read and write meanwhile is in this figure, and far more in MemFree.
  expect(then.cache - now.cache).toBeGreaterThan(150 * MiB);
  expect(await bench.containers.inspect(id)).toMatchObject({ status: 'running', oomKilled: false });
});
